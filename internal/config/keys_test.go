package config

import (
	"fmt"
	"reflect"
	"strings"

	"serai/internal/strict"
)

// unusedKeys returns the keys of file.go that the file nowhere has.
func unusedKeys(f *strict.File, raw file) []string {
	seen := map[string]bool{}
	missing := []string{}
	var visit func(typ reflect.Type, name string, keys []string)
	visit = func(typ reflect.Type, name string, keys []string) {
		if name != "" && !seen[name] {
			seen[name] = true
			found := false
			for _, key := range keys {
				found = found || f.Has(key)
			}
			if !found {
				missing = append(missing, name)
			}
		}
		switch typ.Kind() {
		case reflect.Struct:
			if typ == reflect.TypeFor[person]() && name == "posts.author" || strings.HasSuffix(name, ".keep") && strings.HasPrefix(name, "sources") {
				return // shown elsewhere in full
			}
			for i := range typ.NumField() {
				field := typ.Field(i).Tag.Get("yaml")
				below := make([]string, len(keys))
				for j, key := range keys {
					below[j] = strings.TrimPrefix(key+"."+field, ".")
				}
				visit(typ.Field(i).Type, strings.TrimPrefix(name+"."+field, "."), below)
			}
		case reflect.Slice:
			var items []string
			for _, key := range keys {
				for i := 0; f.Has(fmt.Sprintf("%s[%d]", key, i)); i++ {
					items = append(items, fmt.Sprintf("%s[%d]", key, i))
				}
			}
			if typ.Elem().Kind() == reflect.Struct {
				visit(typ.Elem(), name+"[]", items)
			}
		default: // a plain value
		}
	}
	visit(reflect.TypeOf(raw), "", []string{""})
	return missing
}
