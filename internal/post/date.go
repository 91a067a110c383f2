package post

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// layouts are dates that are numbers. Those without an offset are in the
// library's zone.
var layouts = []string{
	time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 -0700", "2006-01-02T15:04Z07:00", "2006-01-02 15:04 -0700",
	"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02",
	"2.1.2006", "2.1.2006 15:04", "2.1.2006, 15:04", "2/1/2006", "2006/1/2", "2006.1.2",
	time.RFC1123Z, time.RFC1123,
}

// parseDate reads a text that is a date and nothing else, as people write it:
// in numbers, the day first, or with the month's name. Years have four digits.
func parseDate(text string, zone *time.Location) (time.Time, bool) {
	if zone == nil || len(text) > 100 {
		return time.Time{}, false
	}
	text = strings.TrimSpace(text)
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil && believable(t) {
			return t, true
		}
	}
	return parseNamed(text, zone)
}

// believable refuses years that are a slip of the pen. Years to come are not
// refused: their posts wait.
func believable(t time.Time) bool { return t.Year() >= 1000 && t.Year() <= 9999 }

// parseNamed reads dates such as "25 September 2020", "September 25, 2020",
// "25 сентября 2020 г.", "2020 թ. սեպտեմբերի 25" and "25 sentyabr 2020-ci il":
// a day, a month's name and a year, in any order, and words that go with them.
func parseNamed(text string, zone *time.Location) (time.Time, bool) {
	var day, year int
	var month time.Month
	for _, word := range datePart.FindAllString(fold(text), -1) {
		n, err := strconv.Atoi(word)
		switch m := months[word]; {
		case err == nil && len(word) == 4 && year == 0:
			year = n
		case err == nil && len(word) <= 2 && n >= 1 && n <= 31 && day == 0:
			day = n
		case m != 0 && month == 0:
			month = m
		case !fillers[word]:
			return time.Time{}, false
		}
	}
	t := time.Date(year, month, day, 0, 0, 0, 0, zone)
	if day == 0 || month == 0 || !believable(t) || t.Day() != day {
		return time.Time{}, false
	}
	return t, true
}

// datePart is a number or a word, or anything else but what stands between the
// two. In "25th" and "2020-ci" there are two.
var datePart = regexp.MustCompile(`[0-9]+|[\pL\pM]+|[^\s\pZ,.‐–0-9\pL\pM-]`)

// fold returns the spelling by which words are compared. Turkish and
// Azerbaijani have four letters i, which are one here.
func fold(word string) string {
	return strings.NewReplacer("ı", "i", "\u0307", "").Replace(strings.ToLower(word))
}

// fillers are words that stand in dates and say nothing: year, of, the; endings
// of ordinal numbers; days of the week are none of them.
var fillers = wordSet("of the г год года թ թվական թվականի թվականին წ წელი წლის il ci cı cu cü нче жылы st nd rd th")

// months are the names of the months, in the cases that dates have them in.
var months = monthNames(
	"january february march april may june july august september october november december",
	"jan feb mar apr may jun jul aug sep oct nov dec",
	"январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
	"января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
	"yanvar fevral mart aprel may iyun iyul avqust sentyabr oktyabr noyabr dekabr",
	"ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",
	"հունվար փետրվար մարտ ապրիլ մայիս հունիս հուլիս օգոստոս սեպտեմբեր հոկտեմբեր նոյեմբեր դեկտեմբեր",
	"հունվարի փետրվարի մարտի ապրիլի մայիսի հունիսի հուլիսի օգոստոսի սեպտեմբերի հոկտեմբերի նոյեմբերի դեկտեմբերի",
	"იანვარი თებერვალი მარტი აპრილი მაისი ივნისი ივლისი აგვისტო სექტემბერი ოქტომბერი ნოემბერი დეკემბერი",
	"იანვარს თებერვალს მარტს აპრილს მაისს ივნისს ივლისს აგვისტოს სექტემბერს ოქტომბერს ნოემბერს დეკემბერს",
)

func monthNames(years ...string) map[string]time.Month {
	names := make(map[string]time.Month, 12*len(years))
	for _, year := range years {
		for i, name := range strings.Fields(year) {
			names[fold(name)] = time.Month(i + 1)
		}
	}
	return names
}

func wordSet(list string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(list) {
		set[fold(word)] = true
	}
	return set
}
