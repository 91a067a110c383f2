package parse

import (
	"fmt"
	"reflect"
	"testing"
	"time"
	"unicode/utf8"

	"serai/internal/feed"
)

// outOfBounds returns what is wrong with a result, whatever went in: it has too
// much in it, a string that is no UTF-8, or says nothing and calls it success.
func outOfBounds(doc feed.Document, err error, size, maxEntries int) string {
	if err != nil {
		if !reflect.DeepEqual(doc, feed.Document{}) {
			return "an error, and a document beside it"
		}
		return ""
	}
	if doc.Format == "" {
		return "a document without a format"
	}
	if len(doc.Entries) > maxEntries {
		return fmt.Sprintf("%d entries", len(doc.Entries))
	}
	total := 0
	fault := ""
	eachString(reflect.ValueOf(doc), func(s string) {
		total += len(s)
		if !utf8.ValidString(s) {
			fault = fmt.Sprintf("no UTF-8: %q", s)
		}
	})
	// Base and language are repeated in each entry; declared entities have a
	// budget of their own; markup is escaped, and tags are closed.
	if most := 12*size + (2*maxBase+100)*len(doc.Entries) + 2*entityBudget + 64<<10; total > most {
		return fmt.Sprintf("%d bytes came out of %d", total, size)
	}
	return fault
}

// eachString calls f for all strings in a value.
func eachString(v reflect.Value, f func(string)) {
	switch v.Kind() {
	case reflect.String:
		f(v.String())
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for _, field := range v.Fields() {
			eachString(field, f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachString(v.Index(i), f)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			eachString(v.Elem(), f)
		}
	default:
	}
}

// FuzzDocument states that any bytes give a document or an error, within
// bounds, and that reading them again gives the same.
func FuzzDocument(f *testing.F) {
	for _, name := range fixtures(f) {
		f.Add(readFixture(f, name), "text/xml; charset=utf-8")
	}
	for _, h := range hostile {
		f.Add(build(h.head, h.part, h.tail, 200), "")
	}
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		o := Options{URL: "https://example.org/feed/", ContentType: contentType, MaxEntries: 50}
		doc, err := Document(body, o)
		if fault := outOfBounds(doc, err, len(body), o.MaxEntries); fault != "" {
			t.Fatal(fault)
		}
		again, errAgain := Document(body, o)
		if !reflect.DeepEqual(doc, again) || (err == nil) != (errAgain == nil) {
			t.Fatal("another result the second time")
		}
	})
}

// FuzzDate states that a date that was read is read as the same instant once
// it is written.
func FuzzDate(f *testing.F) {
	for _, c := range dates {
		f.Add(c.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, ok := readDate(s)
		if !ok {
			if !at.IsZero() {
				t.Fatalf("%q: no date, and yet %v", s, at)
			}
			return
		}
		for _, layout := range []string{time.RFC3339Nano, time.RFC1123, time.RFC850, time.ANSIC} {
			want := at
			if layout != time.RFC3339Nano {
				want = at.Truncate(time.Second)
			}
			if layout == time.RFC850 && (at.Year() < 1970 || at.Year() > 2069) {
				continue // it has two digits for the year
			}
			written := at.Format(layout)
			if again, ok := readDate(written); !ok || !again.Equal(want) {
				t.Fatalf("%q is %v, written %q, and that is %v", s, at, written, again)
			}
		}
	})
}
