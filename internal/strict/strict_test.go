package strict

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type fruit struct {
	Name   string         `yaml:"name"`
	Weight int            `yaml:"weight"`
	Price  float64        `yaml:"price"`
	Ripe   bool           `yaml:"ripe"`
	Seeds  []seed         `yaml:"seeds"`
	Sold   map[string]int `yaml:"sold"`
}

type seed struct {
	Name string `yaml:"name"`
}

func (s *seed) Short(text string) { s.Name = text }

func read(text string) *File {
	var v fruit
	return Read("fruit.yaml", []byte(text), Limits{Bytes: 1 << 16, Lines: 10}, &v)
}

func TestValuesAreRead(t *testing.T) {
	var got fruit
	f := Read("fruit.yaml", []byte("name: &n 2024-01-02\nweight: -3\nprice: 4\nripe: true\nseeds: [a, {name: b}, {name: *n}]\nsold: {x: 1}\n"), Limits{Bytes: 1 << 16}, &got)
	if err := f.Err(); err != nil {
		t.Fatal(err)
	}
	want := fruit{Name: "2024-01-02", Weight: -3, Price: 4, Ripe: true, Seeds: []seed{{"a"}, {"b"}, {"2024-01-02"}}, Sold: map[string]int{"x": 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for key, at := range map[string][2]int{"weight": {2, 9}, "seeds[1].name": {5, 19}, "sold.x": {6, 11}, "seeds[1].colour": {5, 12}, "nothing[3].at.all": {1, 1}} {
		if line, column := f.Position(key); line != at[0] || column != at[1] {
			t.Errorf("%s is at %d:%d, want %v", key, line, column, at)
		}
	}
}

func TestMistakesHavePlaces(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"unknown_key", "nmae: a", `fruit.yaml:11:1: nmae: unknown key; did you mean "name"?`},
		{"key_far_from_any", "colour: a", `fruit.yaml:11:1: colour: unknown key; known here: name, weight, price, ripe, seeds, sold`},
		{"doubled_key", "name: a\nname: b", `fruit.yaml:12:1: name: stands twice, first in line 11; keep one`},
		{"key_that_is_a_list", "[a]: b", `fruit.yaml:11:1: has a key that is no plain word`},
		{"text_for_number", "weight: heavy", `fruit.yaml:11:9: weight: is "heavy"; want a whole number`},
		{"quoted_number", "weight: '3'", `fruit.yaml:11:9: weight: is "3"; want a whole number`},
		{"fraction", "weight: 3.5", `fruit.yaml:11:9: weight: is "3.5"; want a whole number`},
		{"too_large", "weight: 99999999999999999999", `fruit.yaml:11:9: weight: is "99999999999999999999"; want a whole number`},
		{"yes_is_no_truth", "ripe: yes", `fruit.yaml:11:7: ripe: is "yes"; want true or false`},
		{"list_for_text", "name: [a]", `fruit.yaml:11:7: name: is a list; want one text`},
		{"text_for_list", "seeds: {name: a}", `fruit.yaml:11:8: seeds: is a set of keys; want a list; begin each with a dash`},
		{"no_value", "name:", `fruit.yaml:11:6: name: has no value; give it one or remove the key`},
		{"null", "name: null", `fruit.yaml:11:7: name: has no value; give it one or remove the key`},
		{"tag", "name: !!str a", `fruit.yaml:11:7: name: has a tag (!!str); remove it`},
		{"control_characters_in_keys", "\"a\\e[1m\\nb\": c", "fruit.yaml:11:1: a [1m b: unknown key; known here: name, weight, price, ripe, seeds, sold"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := read(test.text)
			err := f.Err()
			if err == nil {
				t.Fatal("taken")
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestProblemsAreLimited(t *testing.T) {
	f := read(strings.Repeat("colour: red\n", 5000))
	problems, ok := f.Err().(*Problems) //nolint:errorlint // Err says what it returns
	if !ok || len(problems.List) != maxProblems || !problems.More || len(problems.Unwrap()) != maxProblems {
		t.Errorf("%v", f.Err())
	}
}

func TestNearest(t *testing.T) {
	names := []string{"schedule", "title", "tags", "url", "id"}
	for name, want := range map[string]string{
		"schedul": "schedule", "shcedule": "schedule", "Title": "title", "tag": "tags", "uri": "url", "colour": "", "": "", "x": "", strings.Repeat("s", 1000): "",
	} {
		if got := Nearest(name, names); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
}
