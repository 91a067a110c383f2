package feed

import "strings"

// foldTag returns the spelling by which two tags are the same.
func foldTag(tag string) string { return strings.ToLower(strings.Join(strings.Fields(tag), " ")) }
