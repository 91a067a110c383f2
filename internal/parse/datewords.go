package parse

import (
	"strings"
	"unicode"
)

// A dateWord is what a word in a date means.
type dateWord struct {
	kind  wordKind
	value int // the month, the half of the day, or the zone's minutes east of UTC
}

type wordKind uint8

const (
	monthWord wordKind = iota
	dayWord            // a weekday, or a word between the parts; it says nothing
	halfWord
	zoneWord
)

// monthNames are the months by language, in the forms that dates use. Longer
// forms are recognised by these as their beginnings where [monthByStem] says so.
var monthNames = []string{
	// English
	"january|jan february|feb march|mar april|apr may june|jun july|jul august|aug september|sep|sept october|oct november|nov december|dec",
	// Russian
	"января|январь|янв февраля|февраль|фев|февр марта|март|мар апреля|апрель|апр мая|май июня|июнь|июн июля|июль|июл августа|август|авг сентября|сентябрь|сен|сент октября|октябрь|окт ноября|ноябрь|ноя|нояб декабря|декабрь|дек",
	// Ukrainian
	"січня|січень|січ лютого|лютий|лют березня|березень|бер квітня|квітень|квіт|кві травня|травень|трав|тра червня|червень|черв|чер липня|липень|лип серпня|серпень|серп|сер вересня|вересень|вер жовтня|жовтень|жовт|жов листопада|листопад|лист|лис грудня|грудень|груд|гру",
	// Turkish
	"ocak|oca şubat|şub mart|mar nisan|nis mayıs|may haziran|haz temmuz|tem ağustos|ağu eylül|eyl ekim|eki kasım|kas aralık|ara",
	// Azerbaijani
	"yanvar|yan fevral|fev mart|mar aprel|apr may iyun|iyn iyul|iyl avqust|avq sentyabr|sen oktyabr|okt noyabr|noy dekabr|dek",
	// Armenian, nominative and genitive
	"հունվար|հունվարի|հնվ փետրվար|փետրվարի|փտվ մարտ|մարտի|մրտ ապրիլ|ապրիլի|ապր մայիս|մայիսի|մյս հունիս|հունիսի|հնս հուլիս|հուլիսի|հլս օգոստոս|օգոստոսի|օգս սեպտեմբեր|սեպտեմբերի|սեպ հոկտեմբեր|հոկտեմբերի|հոկ նոյեմբեր|նոյեմբերի|նոյ դեկտեմբեր|դեկտեմբերի|դեկ",
	// Georgian
	"იანვარი|იან თებერვალი|თებ მარტი|მარ აპრილი|აპრ მაისი|მაი ივნისი|ივნ ივლისი|ივლ აგვისტო|აგვ სექტემბერი|სექ ოქტომბერი|ოქტ ნოემბერი|ნოე დეკემბერი|დეკ",
	// Kazakh
	"қаңтар|қаң ақпан|ақп наурыз|нау сәуір|сәу мамыр|мам маусым|мау шілде|шіл тамыз|там қыркүйек|қыр қазан|қаз қараша|қар желтоқсан|жел",
	// German
	"januar|jänner februar märz|mär april mai juni juli august september oktober november dezember|dez",
	// French
	"janvier|janv février|févr|fév mars avril|avr mai juin juillet|juil août septembre octobre novembre décembre|déc",
	// Spanish
	"enero|ene febrero marzo abril|abr mayo junio julio agosto|ago septiembre|setiembre octubre noviembre diciembre|dic",
}

// fillers are words that may stand in a date and say nothing: weekdays where
// they follow it, and what people put between.
var fillers = `mon monday tue tues tuesday wed wednesday thu thur thurs thursday fri friday sat saturday sun sunday
пн пон понедельник вт вто вторник ср сре среда чт чтв четверг пт птн пятница сб суб суббота вс вск воскресенье
пн понеділок вівторок середа четвер птн пʼятниця п'ятниця субота нд неділя
pzt pazartesi sal salı çar çarşamba per perşembe cum cuma cmt cumartesi paz pazar
at on of the of и в у г года году год р року saat da də de il ildə жылы жыл ժ թ թվականի წელი წელს հ`

// zones are the abbreviations of time zones that feeds use, in minutes east of
// UTC. Where one has several meanings the one of our region and of RFC 822 is
// taken: IST is India's, AMT Armenia's, GET Georgia's, AZT Azerbaijan's.
var zones = map[string]int{
	"wet": 0, "west": 60, "bst": 60, "ist": 330, "cet": 60, "cest": 120, "met": 60, "mest": 120, "mez": 60, "mesz": 120,
	"eet": 120, "eest": 180, "trt": 180, "tsi": 180, "msk": 180, "мск": 180, "msd": 240, "fet": 180,
	"samt": 240, "get": 240, "amt": 240, "amst": 300, "azt": 240, "azst": 300, "gst": 240, "irst": 210, "irdt": 270,
	"uzt": 300, "tmt": 300, "tjt": 300, "pkt": 300, "yekt": 300, "aqtt": 300, "almt": 300, "kgt": 360, "omst": 360,
	"nst": -210, "ndt": -150, "hkt": 480, "sgt": 480, "jst": 540, "kst": 540, "aest": 600, "aedt": 660, "acst": 570,
	"awst": 480, "nzst": 720, "nzdt": 780,
	"est": -300, "edt": -240, "et": -300, "cst": -360, "cdt": -300, "ct": -360, "mst": -420, "mdt": -360, "mt": -420,
	"pst": -480, "pdt": -420, "pt": -480, "at": -240, "ast": -240, "adt": -180, "akst": -540, "akdt": -480, "hst": -600,
	"brt": -180, "art": -180, "etc": 0, "etc/gmt": 0, "etc/utc": 0, "asia/baku": 240, "asia/tbilisi": 240, "asia/yerevan": 240, "europe/moscow": 180, "europe/istanbul": 180,
}

// words is all of it by folded spelling.
var words = makeWords()

func makeWords() map[string]dateWord {
	all := make(map[string]dateWord)
	for w := range strings.FieldsSeq(fillers) {
		all[foldWord(w)] = dateWord{kind: dayWord}
	}
	for _, language := range monthNames {
		for i, forms := range strings.Fields(language) {
			for form := range strings.SplitSeq(forms, "|") {
				if _, taken := all[foldWord(form)]; !taken {
					all[foldWord(form)] = dateWord{monthWord, i + 1}
				}
			}
		}
	}
	for name, minutes := range zones {
		all[name] = dateWord{zoneWord, minutes}
	}
	for i, forms := range []string{"am|öö", "pm|ös"} {
		for form := range strings.SplitSeq(forms, "|") {
			all[form] = dateWord{halfWord, i + 1}
		}
	}
	return all
}

// foldWord returns the spelling that words are compared by: small letters, the
// Turkish i without its dot in one form, no combining marks.
func foldWord(w string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == 'İ' || r == 'I' || r == 'ı':
			return 'i'
		case unicode.Is(unicode.Mn, r):
			return -1
		}
		return unicode.ToLower(r)
	}, w)
}

// monthByStem recognises inflected and misspelt months by how they begin, in
// the languages whose months end in many ways. It returns 0 for other words.
func monthByStem(key string) int {
	runes := []rune(key)
	for n := len(runes) - 1; n >= 4 && n >= len(runes)-4; n-- {
		if w, ok := words[string(runes[:n])]; ok && w.kind == monthWord {
			return w.value
		}
	}
	return 0
}
