package web

import "strings"

// languageName returns what the speakers of a language call it, or its tag
// where we do not know.
func languageName(tag string) string {
	primary, region, _ := strings.Cut(tag, "-")
	name, ok := languageNames[strings.ToLower(primary)]
	switch {
	case !ok:
		return tag
	case region != "":
		return name + " (" + region + ")"
	}
	return name
}

// maxTagLength is what a language tag needs at most (RFC 5646 4.4.1).
const maxTagLength = 35

// languageTag returns the tag if it has the shape of one, and else nothing.
func languageTag(tag string) string {
	odd := strings.ContainsFunc(tag, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	if odd || len(tag) > maxTagLength {
		return ""
	}
	return tag
}

// sameLanguage reports whether two tags name the same language, whatever the
// region or script.
func sameLanguage(a, b string) bool {
	a, _, _ = strings.Cut(a, "-")
	b, _, _ = strings.Cut(b, "-")
	return strings.EqualFold(a, b)
}

// The languages of the region and those that much is written in about it.
var languageNames = map[string]string{
	"ab": "Аԥсшәа", "ar": "العربية", "av": "Авар", "az": "Azərbaycanca", "be": "Беларуская", "bg": "Български",
	"ce": "Нохчийн", "cs": "Čeština", "da": "Dansk", "de": "Deutsch", "el": "Ελληνικά", "en": "English", "es": "Español",
	"et": "Eesti", "fa": "فارسی", "fi": "Suomi", "fr": "Français", "he": "עברית", "hi": "हिन्दी", "hr": "Hrvatski",
	"hu": "Magyar", "hy": "Հայերեն", "it": "Italiano", "ja": "日本語", "ka": "ქართული", "kk": "Қазақша", "ko": "한국어",
	"ku": "Kurdî", "ky": "Кыргызча", "lez": "Лезги", "lt": "Lietuvių", "lv": "Latviešu", "nl": "Nederlands", "no": "Norsk",
	"os": "Ирон", "pl": "Polski", "pt": "Português", "ro": "Română", "ru": "Русский", "sk": "Slovenčina", "sl": "Slovenščina",
	"sr": "Српски", "sv": "Svenska", "tg": "Тоҷикӣ", "tk": "Türkmençe", "tr": "Türkçe", "tt": "Татарча", "uk": "Українська",
	"ur": "اردو", "uz": "Oʻzbekcha", "xmf": "მარგალური", "zh": "中文",
}
