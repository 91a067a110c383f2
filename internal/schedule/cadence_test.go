package schedule

import (
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	monday := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	tests := []struct{ name, text, next string }{ // next after noon on a Monday, in UTC; "" is adaptive
		{"adaptive", "adaptive", ""},
		{"adaptive_in_capitals", " Adaptive ", ""},
		{"every", "@every 20m", "Mon 23 12:20"},
		{"half_hours", "*/30 * * * *", "Mon 23 12:30"},
		{"the_admins_clock", "0 6 * * *", "Tue 24 02:00"}, // Baku is four hours ahead
		{"own_zone", "TZ=UTC 0 6 * * *", "Tue 24 06:00"},
		{"own_zone_by_the_other_name", "CRON_TZ=America/New_York 0 6 * * *", "Tue 24 11:00"},
		{"zone_and_descriptor", "TZ=UTC @daily", "Tue 24 00:00"},
		{"descriptor_in_capitals", "@Hourly", "Mon 23 13:00"},
		{"weekday_name", "TZ=UTC 0 6 * * FRI", "Fri 27 06:00"},
		{"sunday_is_0", "TZ=UTC 0 6 * * 0", "Sun 29 06:00"},
		{"sunday_is_7_too", "TZ=UTC 0 6 * * 7", "Sun 29 06:00"},
		{"a_range_ends_on_sunday", "TZ=UTC 0 6 * * 6-7", "Sat 28 06:00"},
		{"a_range_ends_on_sunday_by_name", "TZ=UTC 0 6 * * sat-sun", "Sat 28 06:00"},
		{"a_range_with_steps_ends_on_sunday", "TZ=UTC 0 6 * * 5-7/2", "Fri 27 06:00"},
		{"tabs_between_fields", "TZ=UTC\t0\t6\t*\t*\t*", "Tue 24 06:00"},
	}
	baku, err := time.LoadLocation("Asia/Baku")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Parse(tt.text, baku)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if c.Clock != nil {
				got = c.Clock.Next(monday).UTC().Format("Mon 2 15:04")
			}
			if got != tt.next {
				t.Errorf("fires %q, want %q", got, tt.next)
			}
			if c.Text == "" {
				t.Error("the cadence has no text")
			}
		})
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"empty", " ", "empty"},
		{"long", strings.Repeat("1,", 200) + "1 * * * *", "longer than 200"},
		{"a_word", "hourly", "of the five fields"},
		{"seconds", "0 0 6 * * *", "six fields"},
		{"too_few_fields", "0 6 * *", "4 of the five fields"},
		{"out_of_range", "60 * * * *", "above maximum"},
		{"backwards", "0 6-5 * * *", "beyond end"},
		{"no_step", "*/0 * * * *", "positive"},
		{"empty_item", "0 6,,7 * * *", "no list"},
		{"only_commas", ", * * * *", "no list"},
		{"star_in_a_range", "*-5 * * * *", "no list"},
		{"never", "0 0 31 2 *", "never comes"},
		{"never_by_list", "0 0 31 2,4,6 *", "never comes"},
		{"unknown_descriptor", "@reboot", "unrecognized"},
		{"zone_alone", "TZ=x", "nothing follows"},
		{"zone_and_blank", "TZ=Asia/Baku ", "nothing follows"},
		{"no_zone", "TZ= 0 6 * * *", "no name"},
		{"this_machines_zone", "TZ=Local 0 6 * * *", "no name"},
		{"unknown_zone", "TZ=Asia/Bakuu 0 6 * * *", `no time zone "Asia/Bakuu"`},
		{"zone_outside_the_database", "TZ=../../etc/passwd 0 6 * * *", "no time zone"},
		{"zone_and_adaptive", "TZ=UTC adaptive", "of the five fields"},
		{"every_second", "@every 1s", "too often"},
		{"every_negative", "@every -5m", "too often"},
		{"every_century", "@every 900000h", "too rare"},
		{"every_nothing", "@every", "needs a duration"},
		{"every_number", "@every 20", "needs a duration"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Parse(tt.text, nil); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestClocksThatArePutForwardAndBack(t *testing.T) {
	tests := []struct{ name, text, from, want string }{
		// Berlin goes from 02:00 to 03:00 on 29 March 2026.
		{"left_out_hour_comes_when_the_clock_has_moved", "TZ=Europe/Berlin 30 2 * * *", "2026-03-28T12:00:00Z", "03-29 03:00 CEST, 03-30 02:30 CEST"},
		{"half_hours_go_on", "TZ=Europe/Berlin */30 * * * *", "2026-03-29T00:15:00Z", "03-29 01:30 CET, 03-29 03:00 CEST, 03-29 03:30 CEST"},
		// Beirut goes from midnight to 01:00 on 29 March 2026: that day has no midnight.
		{"left_out_midnight_comes_all_the_same", "TZ=Asia/Beirut 0 0 * * *", "2026-03-28T12:00:00Z", "03-29 01:00 EEST, 03-30 00:00 EEST"},
		// And on 25 October Berlin goes from 03:00 to 02:00.
		{"doubled_hour_counts_once", "TZ=Europe/Berlin 30 2 * * *", "2026-10-24T12:00:00Z", "10-25 02:30 CEST, 10-26 02:30 CET"},
		{"half_hours_in_the_doubled_hour", "TZ=Europe/Berlin */30 * * * *", "2026-10-25T00:15:00Z", "10-25 02:30 CEST, 10-25 03:00 CET"},
		{"asked_in_the_second_of_the_doubled_hours", "TZ=Europe/Berlin */30 * * * *", "2026-10-25T01:15:00Z", "10-25 02:30 CET, 10-25 03:00 CET"},
		// Apia left out the whole of 30 December 2011.
		{"left_out_day", "TZ=Pacific/Apia 0 12 * * *", "2011-12-29T00:00:00Z", "12-29 12:00 -10, 12-31 00:00 +14, 12-31 12:00 +14"},
		{"leap_day", "TZ=UTC 0 0 29 2 *", "2096-03-01T00:00:00Z", "02-29 00:00 UTC"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Parse(tt.text, nil)
			if err != nil {
				t.Fatal(err)
			}
			at, err := time.Parse(time.RFC3339, tt.from)
			if err != nil {
				t.Fatal(err)
			}
			zone, err := time.LoadLocation(strings.TrimPrefix(strings.Fields(tt.text)[0], "TZ="))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for range strings.Count(tt.want, ",") + 1 {
				at = c.Clock.Next(at)
				got = append(got, at.In(zone).Format("01-02 15:04 MST"))
			}
			if s := strings.Join(got, ", "); s != tt.want {
				t.Errorf("fires at\n%s, want\n%s", s, tt.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"adaptive", "@every 20m", "*/30 * * * *", "TZ=x", "TZ=Asia/Baku 0 6 * * *", "CRON_TZ= 0", "0 0 31 2 *", "0 0 29 2 *",
		"@daily", "0 6 * * 1-7/3", ", , , , ,", "* * * * ?", "1-5/2,7 0 1 jan sun", "@every -5s", "TZ=Europe/Berlin 30 2 * * *",
	} {
		f.Add(s)
	}
	moments := []time.Time{
		{}, time.Date(2026, 3, 29, 0, 59, 59, 1, time.UTC), time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC), time.Date(2096, 2, 29, 0, 0, 0, 0, time.UTC),
	}
	// What Parse accepts fires, later than it is asked, and at most once a minute.
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse(text, nil)
		if err != nil || c.Clock == nil {
			return
		}
		for _, at := range moments[1:] {
			next := c.Clock.Next(at)
			if !next.After(at) {
				t.Fatalf("%q fires at %s when asked at %s", text, next, at)
			}
			if second := c.Clock.Next(next); second.Sub(next) < time.Minute {
				t.Errorf("%q fires at %s and at %s", text, next, second)
			}
		}
	})
}
