package config

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

var update = flag.Bool("update", false, "write golden files, and the JSON Schema of feeds.yaml")

const schemaPath = "../../docs/feeds.schema.json"

// TestSchema sees to it that the committed schema is the one of file.go. With
// -update it writes it: that is what go generate runs.
func TestSchema(t *testing.T) {
	got := makeSchema(t)
	if *update {
		if err := os.MkdirAll(filepath.Dir(schemaPath), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(schemaPath, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(schemaPath)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not the schema of file.go any more: run go generate ./internal/config", schemaPath)
	}
}

func TestShippedFileFitsSchema(t *testing.T) {
	data, err := os.ReadFile("../../feeds.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := validate(t, data); err != nil {
		t.Errorf("feeds.yaml: %v", err)
	}
}

func TestSchemaFindsMistakes(t *testing.T) {
	const good = "site: {title: a, url: 'https://a.example'}\nchannels: [{id: all, title: All}]\n"
	tests := []struct {
		name, text string
		fits       bool
	}{
		{"least_file", good, true},
		{"author_may_be_a_name", "site: {title: a, url: 'https://a.example', author: Ann}\nchannels: [{id: all, title: All}]\n", true},
		{"lists_and_mappings_may_be_empty", good + "sources:\nnetwork:\n", true},
		{"unknown_key", good + "colour: red\n", false},
		{"no_title", "site: {url: 'https://a.example'}\nchannels: [{id: all, title: All}]\n", false},
		{"bad_id", good + "sources: [{id: Ä, url: 'https://a.example'}]\n", false},
		{"bad_kind", good + "sources: [{id: a, url: 'https://a.example', kind: blog}]\n", false},
		{"text_for_number", good + "defaults: {first_poll: many}\n", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := validate(t, []byte(test.text)); (err == nil) != test.fits {
				t.Errorf("fits = %v, want %v: %v", err == nil, test.fits, err)
			}
		})
	}
}

// validate holds YAML against the committed schema.
func validate(t *testing.T, data []byte) error {
	t.Helper()
	schema, err := validator.NewCompiler().Compile(schemaPath)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := yaml.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	instance, err := validator.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(instance)
}

// makeSchema makes the schema of file.go.
func makeSchema(t *testing.T) []byte {
	t.Helper()
	docs := fieldComments(t)
	r := &jsonschema.Reflector{
		Anonymous:                  true,
		FieldNameTag:               "yaml",
		RequiredFromJSONSchemaTags: true,
		ExpandedStruct:             true,
		LookupComment: func(typ reflect.Type, field string) string {
			return docs[strings.TrimSuffix(typ.Name()+"."+field, ".")]
		},
	}
	schema := r.Reflect(&file{})
	schema.Title = "feeds.yaml of serai"
	// Where only the name is given, it stands for the person.
	person := *schema.Definitions["person"]
	schema.Definitions["person"] = &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "string", MinLength: new(uint64(1))}, &person}}
	for _, name := range []string{"same", "apart"} {
		pair, _ := schema.Definitions["dedup"].Properties.Get(name)
		pair.Items.MinItems, pair.Items.MaxItems = new(uint64(2)), new(uint64(2))
	}
	b, err := json.Marshal(schema)
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(b, &tree); err != nil {
		t.Fatal(err)
	}
	mayBeEmpty(tree)
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(tree); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// mayBeEmpty lets lists and mappings be keys without a value, as the reader
// does: what is left when all their lines are comments.
func mayBeEmpty(tree map[string]any) {
	for _, v := range tree {
		switch v := v.(type) {
		case map[string]any:
			mayBeEmpty(v)
		case []any:
			for _, item := range v {
				if m, ok := item.(map[string]any); ok {
					mayBeEmpty(m)
				}
			}
		}
	}
	if typ, ok := tree["type"].(string); ok && (typ == "array" || typ == "object") && tree["minItems"] == nil && tree["required"] == nil {
		tree["type"] = []any{typ, "null"}
	}
}

// fieldComments reads the comments of file.go, by type and by field.
func fieldComments(t *testing.T) map[string]string {
	t.Helper()
	syntax, err := parser.ParseFile(token.NewFileSet(), "file.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	docs := map[string]string{}
	text := func(group *ast.CommentGroup) string { return strings.Join(strings.Fields(group.Text()), " ") }
	for _, decl := range syntax.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.TYPE {
			continue
		}
		spec := gen.Specs[0].(*ast.TypeSpec)
		docs[spec.Name.Name] = text(gen.Doc)
		for _, field := range spec.Type.(*ast.StructType).Fields.List {
			if field.Doc == nil {
				t.Errorf("%s.%s has no comment", spec.Name.Name, field.Names[0].Name)
				continue
			}
			docs[spec.Name.Name+"."+field.Names[0].Name] = text(field.Doc)
		}
	}
	return docs
}
