package clean

import (
	"regexp"
	"sync"

	"github.com/microcosm-cc/bluemonday"
)

// Addresses as [URL] writes them, and the few others that a link or an image
// may have.
const (
	webAddress  = `https?://[!#-;=?-\[\]_a-z~]+`
	mailAddress = `mailto:[!#-;=?-Z_a-z~]+`
	phoneNumber = `tel:[+0-9().-]+`
	imageData   = `data:image/(?:png|jpeg|gif|webp|avif);base64,[A-Za-z0-9+/]+=*`
)

// policy is the token filter that has the last word on what [builder] wrote.
// It is made from the same table, but judges with code that is not ours: a
// mistake in one is not a mistake in both. It is made when first needed, since
// most commands of the program never do.
var policy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	patterns := map[value]*regexp.Regexp{
		anyText:    regexp.MustCompile(``),
		linkTo:     regexp.MustCompile(`^(?:` + webAddress + `|` + mailAddress + `|` + phoneNumber + `)$`),
		citation:   regexp.MustCompile(`^` + webAddress + `$`),
		media:      regexp.MustCompile(`^` + webAddress + `$`),
		image:      regexp.MustCompile(`^(?:` + webAddress + `|` + imageData + `)$`),
		imageSet:   regexp.MustCompile(`^` + webAddress + `(?: [0-9.]+[wx])?(?:, ` + webAddress + `(?: [0-9.]+[wx])?)*$`),
		number:     regexp.MustCompile(`^-?[0-9]{1,6}$`),
		language:   regexp.MustCompile(`^[A-Za-z0-9-]{1,35}$`),
		direction:  regexp.MustCompile(`^(?:ltr|rtl|auto)$`),
		instant:    regexp.MustCompile(`^[0-9A-Z:.+ -]{1,40}$`),
		mediaType:  regexp.MustCompile(`^[A-Za-z0-9_.+-]+/[A-Za-z0-9_.+-]+$`),
		mediaQuery: regexp.MustCompile(`^[A-Za-z0-9 ():.,%*/+-]{1,500}$`),
		alignment:  regexp.MustCompile(`^(?:left|right|center|justify)$`),
		listStyle:  regexp.MustCompile(`^[1aAiI]$`),
		flag:       regexp.MustCompile(`^$`),
		cellScope:  regexp.MustCompile(`^(?:row|col|rowgroup|colgroup)$`),
	}
	for _, e := range elements {
		p.AllowNoAttrs().OnElements(e.name)
		for name, value := range e.attrs {
			p.AllowAttrs(name).Matching(patterns[value]).OnElements(e.name)
		}
	}
	for name, value := range everywhere {
		p.AllowAttrs(name).Matching(patterns[value]).Globally()
	}
	fixed := func(attr, value, element string) {
		p.AllowAttrs(attr).Matching(regexp.MustCompile(`^` + value + `$`)).OnElements(element)
	}
	fixed("rel", linkRel, "a")
	fixed("loading", "lazy", "img")
	fixed("referrerpolicy", "no-referrer", "img")
	for _, player := range []string{"audio", "video"} {
		fixed("controls", "", player)
		fixed("preload", "none", player)
	}
	return p
})
