package match

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"serai/internal/feed"
)

func TestTopics(t *testing.T) {
	for _, test := range []struct {
		name, word, text string
		want             bool
	}{
		{"whole_word", "Karabakh", "In Karabakh, today", true},
		{"not_within_a_word", "art", "Party articles start", false},
		{"any_case", "karabakh", "KARABAKH", true},
		{"ending", "Карабах*", "о Карабахском вопросе", true},
		{"no_ending_without_star", "Карабах", "о Карабахском вопросе", false},
		{"star_matches_the_bare_word", "Карабах*", "Карабах.", true},
		{"armenian", "Արցախ*", "Արցախի մասին", true},
		{"armenian_ligature", "եւ", "մենք և դուք", true},
		{"georgian", "ყარაბაღ*", "ყარაბაღის შესახებ", true},
		{"georgian_capitals", "ყარაბაღ*", "ᲧᲐᲠᲐᲑᲐᲦᲘ", true},
		{"turkish_dotted_capital", "istanbul", "İSTANBUL'da", true},
		{"turkish_dotless", "Diyarbakır", "DIYARBAKIR", true},
		{"diacritics_left_out", "Qarabağ*", "Qarabagda", true},
		{"diacritics_put_in", "Qarabag*", "Qarabağda", true},
		{"schwa_spellings", "Əliyev", "ǝliyev", true},
		{"cyrillic_schwa", "әлијев", "Әлијев", true},
		{"yo_is_ye", "Орел", "Орёл", true},
		{"short_i_is_a_letter", "мои", "мой", false},
		{"short_i_in_two_characters", "Нагорный", "Нагорный", true},
		{"decomposed", "Qarabağ", "Qarabağ", true},
		{"phrase", "peace treaty", "The peace  treaty.", true},
		{"phrase_over_a_line", "peace treaty", "peace\ntreaty", true},
		{"phrase_in_order", "peace treaty", "treaty peace", false},
		{"phrase_at_the_end", "peace treaty", "for peace", false},
		{"phrase_with_endings", "Нагорн* Карабах*", "в Нагорном Карабахе", true},
		{"hyphen_parts_words", "Erdogan-Putin", "Erdogan – Putin", true},
		{"number", "2020", "in 2020.", true},
		{"regexp", `/\bNK(R|AO)\b/`, "the nkao of", true},
		{"regexp_over_signs", `/\$\d+/`, "costs $5", true},
		{"soft_hyphen", "Karabakh", "Kara\u00adbakh", true},
		{"empty_text", "a", "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := Compile([]feed.Topic{{ID: "t", Words: []string{"unlike", test.word}}}, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			for place, e := range map[string]*feed.Entry{"title": {Title: test.text}, "text": {Text: test.text}, "summary": {Summary: test.text}} {
				if got := len(r.Topics(e)) == 1; got != test.want {
					t.Errorf("%q in %s %q: %v", test.word, place, test.text, got)
				}
			}
		})
	}
}

func TestTopicsComeAsDeclared(t *testing.T) {
	r, err := Compile([]feed.Topic{{ID: "b", Words: []string{"two"}}, {ID: "a", Words: []string{"one*"}}, {ID: "c", Words: []string{"three"}}}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Topics(&feed.Entry{Title: "ones", Text: "two"}); !slices.Equal(got, []string{"b", "a"}) {
		t.Errorf("got %q", got)
	}
}

func TestDrop(t *testing.T) {
	for _, test := range []struct {
		name string
		rule feed.Rule
		want string
	}{
		{"title", feed.Rule{Title: []string{"sponsored", "ad"}}, `drop rule 1 of s: title has "sponsored"`},
		{"text_is_title_or_content", feed.Rule{Text: []string{"minister*"}}, `drop rule 1 of s: text has "minister*"`},
		{"author", feed.Rule{Author: []string{"bot"}}, `drop rule 1 of s: author has "bot"`},
		{"link", feed.Rule{Link: []string{"/\\/sport\\//"}}, `drop rule 1 of s: link has "/\\/sport\\//"`},
		{"word_of_a_link", feed.Rule{Link: []string{"sport"}}, `drop rule 1 of s: link has "sport"`},
		{"tag_of_the_entry", feed.Rule{Tag: []string{"football"}}, `drop rule 1 of s: tag has "football"`},
		{"tag_of_the_source", feed.Rule{Tag: []string{"wire"}}, `drop rule 1 of s: tag has "wire"`},
		{"tag_that_is_a_topic", feed.Rule{Tag: []string{"politics"}}, `drop rule 1 of s: tag has "politics"`},
		{"where", feed.Rule{Where: "words < 10"}, `drop rule 1 of s: where: words < 10`},
		{"all_must_hold", feed.Rule{Title: []string{"sponsored"}, Tag: []string{"opera"}}, ``},
		{"all_hold", feed.Rule{Title: []string{"sponsored"}, Where: `"wire" in tags`}, `drop rule 1 of s: title has "sponsored" and where: "wire" in tags`},
		{"none_holds", feed.Rule{Title: []string{"opera"}}, ``},
		{"what_cannot_be_told_drops_nothing", feed.Rule{Where: `first(filter(authors, # == "nobody")) + "" == "x"`}, ``},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := Compile([]feed.Topic{{ID: "politics", Words: []string{"minister*"}}},
				[]feed.Source{{ID: "s", Tags: []string{"Wire"}, Drop: []feed.Rule{test.rule}}, {ID: "other"}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			e := feed.Entry{Source: "s", Title: "Sponsored: x", Text: "the ministers", Words: 2, Link: "https://example.org/sport/1"}
			e.Authors = []feed.Person{{Name: "A Bot"}}
			e.Categories = []feed.Category{{Term: "Football"}}
			reason, drop := r.Drop(&e)
			if reason != test.want || drop != (test.want != "") {
				t.Errorf("got %q, %v", reason, drop)
			}
			e.Source = "other"
			if reason, drop := r.Drop(&e); drop {
				t.Errorf("dropped an entry of another source: %s", reason)
			}
		})
	}
}

func TestChannels(t *testing.T) {
	entry := feed.Entry{Source: "s", Title: "T", Text: "text", Language: "en-GB", Words: 900, Topics: []string{"karabakh"}, Published: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)}
	entry.Categories = []feed.Category{{Term: "Peace  Talks"}, {Term: "x", Label: "Shown"}}
	entry.Authors = []feed.Person{{Name: "A. Writer"}}
	for _, test := range []struct {
		name   string
		ch     feed.Channel
		taken  bool
		reason string
	}{
		{"empty_takes_everything", feed.Channel{}, true, "takes everything"},
		{"source", feed.Channel{Sources: []string{"x", "s"}}, true, "source s"},
		{"other_source", feed.Channel{Sources: []string{"x", "y"}}, false, "source is s, wanted is x or y"},
		{"topic", feed.Channel{Topics: []string{"karabakh"}}, true, "topic karabakh"},
		{"other_topic", feed.Channel{Topics: []string{"energy"}}, false, "topic is karabakh, wanted is energy"},
		{"tag_by_category", feed.Channel{Tags: []string{"peace talks"}}, true, "tag peace talks"},
		{"tag_by_label", feed.Channel{Tags: []string{"SHOWN"}}, true, "tag shown"},
		{"tag_by_source", feed.Channel{Tags: []string{"region"}}, true, "tag region"},
		{"tag_by_topic", feed.Channel{Tags: []string{"Karabakh"}}, true, "tag karabakh"},
		{"language_with_region", feed.Channel{Languages: []string{"en"}}, true, "language en"},
		{"other_language", feed.Channel{Languages: []string{"e", "en-US"}}, false, "language is en-GB, wanted is e or en-US"},
		{"all_must_hold", feed.Channel{Sources: []string{"s"}, Languages: []string{"ru"}}, false, "language is en-GB, wanted is ru"},
		{"where", feed.Channel{Where: `words > 800 && !("wire" in tags)`}, true, `where: words > 800 && !("wire" in tags)`},
		{"where_is_false", feed.Channel{Where: `"region" in tags && kind == "mirror"`}, false, `where: "region" in tags && kind == "mirror" is false`},
		{"where_on_all_variables", feed.Channel{Where: `title == "T" && text contains "ex" && summary == "" && link == "" && source == "s" && kind == "outlet" && language startsWith "en" && "karabakh" in topics && any(authors, # contains "Writer") && published > date("2026-01-01")`}, true, ""},
		{"where_that_cannot_be_told", feed.Channel{Where: `authors[5] == "x"`}, false, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.ch.ID = "c"
			r, err := Compile(nil, []feed.Source{{ID: "s", Kind: feed.Outlet, Tags: []string{"Region"}}}, []feed.Channel{test.ch})
			if err != nil {
				t.Fatal(err)
			}
			taken, reason := r.Explain(&entry, "c")
			if taken != test.taken || test.reason != "" && reason != test.reason {
				t.Errorf("got %v, %q", taken, reason)
			}
			got := r.Channels(&entry)
			if (len(got) == 1) != test.taken || test.taken && got[0].Reason != reason {
				t.Errorf("Channels = %+v", got)
			}
			dropped := entry
			dropped.Dropped = "a rule"
			if r.Channels(&dropped) != nil {
				t.Error("took a dropped entry")
			}
		})
	}
}

func TestAnUndeclaredSourceHasNoTags(t *testing.T) {
	r, err := Compile(nil, nil, []feed.Channel{{ID: "all"}, {ID: "tagged", Tags: []string{"region"}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Channels(&feed.Entry{Source: "gone"}); len(got) != 1 || got[0].Channel != "all" {
		t.Errorf("got %+v", got)
	}
	if _, reason := r.Explain(&feed.Entry{}, "nowhere"); reason != `there is no channel "nowhere"` {
		t.Error(reason)
	}
}

func TestMistakesAreNamed(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"empty_word", CheckWords("  "), "empty"},
		{"long_word", CheckWords(strings.Repeat("a", 1001)), "at most 1000"},
		{"star_in_the_middle", CheckWords("Kara*bakh"), "star before its end"},
		{"star_alone", CheckWords("*"), "without a word"},
		{"only_signs", CheckWords("!?"), "neither letter nor digit"},
		{"open_regexp", CheckWords("/abc"), "end it with a slash"},
		{"bad_regexp", CheckWords("/(/"), "missing closing"},
		{"huge_regexp", CheckWords("/(a{1000}){1000}/"), "RE2"},
		{"regexp_of_nothing", CheckWords("/a*/"), "matches everything"},
		{"unknown_variable", CheckWhere("wrods > 1"), "unknown name wrods"},
		{"not_a_condition", CheckWhere("words + 1"), "bool"},
		{"wrong_type", CheckWhere("words > \"a\""), "mismatched types"},
		{"the_clock", CheckWhere("published > now()"), "now"},
		{"bad_syntax", CheckWhere("words >"), "unexpected"},
		{"long_expression", CheckWhere("words > 1" + strings.Repeat(" ", 2000)), "at most 2000"},
		{"large_expression", CheckWhere("words in [" + strings.Repeat("1,", 900) + "1]"), "nodes"},
		{"empty_expression", CheckWhere(" "), "empty"},
		{"empty_rule", CheckRule(feed.Rule{}), "drop everything"},
		{"bad_word_in_rule", CheckRule(feed.Rule{Title: []string{"ok", "*"}}), "title: "},
		{"bad_where_in_rule", CheckRule(feed.Rule{Where: "x"}), "where: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.err == nil || !strings.Contains(test.err.Error(), test.want) || strings.Contains(test.err.Error(), "\n") {
				t.Errorf("got %v", test.err)
			}
		})
	}
	_, err := Compile([]feed.Topic{{ID: "t", Words: []string{"*"}}}, []feed.Source{{ID: "s", Drop: []feed.Rule{{}}}}, []feed.Channel{{ID: "c", Where: "x"}})
	for _, want := range []string{"topics: ", "source s: drop rule 1: ", "channel c: where: "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %q", err, want)
		}
	}
}

func TestExpressionsAreBounded(t *testing.T) {
	r, err := Compile(nil, nil, []feed.Channel{{ID: "c", Where: `all(1..900000, all(1..900000, true))`}})
	if err != nil {
		t.Fatal(err)
	}
	if taken, reason := r.Explain(&feed.Entry{}, "c"); taken || !strings.Contains(reason, "cannot be told") {
		t.Errorf("got %v, %q", taken, reason)
	}
}

func TestFingerprint(t *testing.T) {
	topics := []feed.Topic{{ID: "a", Words: []string{"one", "two"}}, {ID: "b", Words: []string{"three"}}}
	sources := []feed.Source{{ID: "s", Tags: []string{"x"}}, {ID: "t", Drop: []feed.Rule{{Title: []string{"ad"}}}}}
	otherWords := []feed.Topic{{ID: "b", Words: []string{"four"}}, topics[0]}
	otherTags := []feed.Source{sources[1], {ID: "s", Tags: []string{"y"}}}
	otherDrop := []feed.Source{sources[0], {ID: "t"}}
	for _, test := range []struct {
		name   string
		ch, to feed.Channel
		topics []feed.Topic
		source []feed.Source
		same   bool
	}{
		{"same", feed.Channel{}, feed.Channel{}, topics, sources, true},
		{"title_and_limit_do_not_matter", feed.Channel{}, feed.Channel{Title: "x", Limit: 5}, topics, sources, true},
		{"order_does_not_matter", feed.Channel{Sources: []string{"s", "t"}}, feed.Channel{Sources: []string{"t", "s"}}, topics, sources, true},
		{"selection_matters", feed.Channel{}, feed.Channel{Sources: []string{"s"}}, topics, sources, false},
		{"words_of_other_topics_do_not_matter", feed.Channel{Topics: []string{"a"}}, feed.Channel{Topics: []string{"a"}}, otherWords, sources, true},
		{"words_of_its_topics_matter", feed.Channel{Topics: []string{"b"}}, feed.Channel{Topics: []string{"b"}}, otherWords, sources, false},
		{"words_matter_to_tags", feed.Channel{Tags: []string{"b"}}, feed.Channel{Tags: []string{"b"}}, otherWords, sources, false},
		{"words_matter_to_where", feed.Channel{Where: "true"}, feed.Channel{Where: "true"}, otherWords, sources, false},
		{"source_tags_do_not_matter", feed.Channel{}, feed.Channel{}, topics, otherTags, true},
		{"source_tags_matter_to_tags", feed.Channel{Tags: []string{"x"}}, feed.Channel{Tags: []string{"x"}}, topics, otherTags, false},
		{"drop_rules_matter", feed.Channel{}, feed.Channel{}, topics, otherDrop, false},
		{"drop_rules_of_other_sources_do_not", feed.Channel{Sources: []string{"s"}}, feed.Channel{Sources: []string{"s"}}, topics, otherDrop, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			from, to := Fingerprint(test.ch, topics, sources), Fingerprint(test.to, test.topics, test.source)
			if (from == to) != test.same {
				t.Errorf("%s and %s", from, to)
			}
		})
	}
}

// FuzzWords: whatever a word list and a text are, nothing panics, and a word
// that is accepted finds itself.
func FuzzWords(f *testing.F) {
	for _, s := range []string{"Карабах*", "peace treaty", "/a+/", "İstanbul", "և", "й", "ß", "a*b*", "ﬁ", "Ⅻ", "١٢"} {
		f.Add(s, s+" "+s)
	}
	f.Fuzz(func(t *testing.T, word, text string) {
		w, err := compileWords([]string{word})
		if err != nil {
			return
		}
		w.find(readProse(text))
		if w.patterns[0].regexp == nil && w.find(readProse(strings.ReplaceAll(word, "*", "")))[0] < 0 {
			t.Errorf("%q does not find itself", word)
		}
	})
}

func BenchmarkTopics(b *testing.B) {
	var topics []feed.Topic
	for i := range 10 {
		topics = append(topics, feed.Topic{ID: fmt.Sprint(i), Words: []string{
			fmt.Sprintf("Karabakh%d", i), fmt.Sprintf("Qarabağ%d*", i), fmt.Sprintf("Карабах%d*", i), fmt.Sprintf("Արցախ%d*", i), fmt.Sprintf("peace treaty %d", i), fmt.Sprintf("президент%d*", i),
		}})
	}
	r, err := Compile(topics, nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	for name, text := range map[string]string{
		"english": strings.Repeat("The president said on Monday that the peace talks in Karabakh would go on, whatever it costs. ", 42),
		"russian": strings.Repeat("Президент заявил в понедельник, что мирные переговоры по Карабаху будут продолжены. ", 26),
	} {
		b.Run(name, func(b *testing.B) {
			e := &feed.Entry{Title: "Talks go on", Text: text}
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				r.Topics(e)
			}
		})
	}
}

func BenchmarkChannels(b *testing.B) {
	var channels []feed.Channel
	for i := range 20 {
		channels = append(channels, feed.Channel{ID: fmt.Sprint(i), Tags: []string{"a", "b"}, Languages: []string{"en"}})
	}
	channels[3].Where = `words > 800 && !("wire" in tags)`
	r, err := Compile(nil, nil, channels)
	if err != nil {
		b.Fatal(err)
	}
	e := &feed.Entry{Title: "Talks go on", Language: "en", Details: feed.Details{Categories: []feed.Category{{Term: "a"}}}}
	b.ReportAllocs()
	for b.Loop() {
		r.Channels(e)
	}
}
