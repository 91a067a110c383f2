package clean

import (
	"strings"
	"testing"
)

func TestLanguage(t *testing.T) {
	for _, test := range []struct{ want, text string }{
		{"en", "The ministers met on Monday to talk about what the new railway would cost."},
		{"en", "Parliament approves the budget after a long night"},
		{"ru", "Министры встретились в понедельник, чтобы обсудить стоимость новой дороги."},
		{"ru", "Переговоры продолжатся на следующей неделе"},
		{"uk", "Міністри зустрілися в понеділок, щоб обговорити вартість нової залізниці."},
		{"kk", "Министрлер дүйсенбі күні жаңа теміржолдың құнын талқылау үшін кездесті."},
		{"az", "Nazirlər bazar ertəsi yeni dəmir yolunun qiymətini müzakirə etmək üçün görüşüblər."},
		{"az-Cyrl", "Назирләр базар ертәси јени дәмир јолунун гијмәтини мүзакирә етмәк үчүн ҝөрүшүбләр."},
		{"tr", "Bakanlar yeni demiryolunun maliyetini görüşmek üzere pazartesi günü bir araya geldi."},
		{"tr", "Yeni hat için ödenecek tutar henüz belli değil"},
		{"hy", "Նախարարները երկուշաբթի օրը հանդիպեցին՝ քննարկելու նոր երկաթուղու արժեքը։"},
		{"ka", "მინისტრები ორშაბათს შეხვდნენ ახალი რკინიგზის ღირებულების განსახილველად."},
		{"de", "Die Minister trafen sich am Montag, um über die Kosten der neuen Bahn zu sprechen."},
		{"fr", "Les ministres se sont réunis lundi pour parler du prix de la nouvelle ligne de chemin de fer."},
		{"es", "Los ministros se reunieron el lunes para hablar del precio de la nueva línea de tren."},
		{"it", "I ministri si sono incontrati lunedì per parlare del costo della nuova ferrovia."},
		{"pt", "Os ministros reuniram-se na segunda-feira para falar do custo da nova ferrovia, que não é baixo."},
		{"pl", "Ministrowie spotkali się w poniedziałek, aby rozmawiać o kosztach nowej kolei."},
		{"", "Karabakh 2020"},
		{"", "Министры"},
		{"", "وزراء الخارجية اجتمعوا يوم الاثنين لمناقشة التكلفة"},
		{"", "Міністры сустрэліся ў панядзелак, каб абмеркаваць кошт новай чыгункі."},
		{"", "xkcd qwrt zzzz pfff brrr grmbl hmpf tsk"},
		{"", "12345 67890 12345 67890 12345"},
		{"", ""},
	} {
		if got := Language(test.text); got != test.want {
			t.Errorf("Language(%q) = %q, want %q", test.text, got, test.want)
		}
	}
}

func TestEntryLanguage(t *testing.T) {
	russian := strings.Repeat("Переговоры продолжатся на следующей неделе. ", 3)
	for _, test := range []struct{ name, own, text, source, want string }{
		{"own_mark_first", "en_gb", russian, "az", "en-GB"},
		{"then_what_it_is_written_in", "", russian, "az", "ru"},
		{"then_the_source", "", "Short", "AZ", "az"},
		{"the_source_says_more", "", russian, "ru-RU", "ru-RU"},
		{"script_subtags", "AZ-CYRL-az", "", "", "az-Cyrl-AZ"},
		{"nonsense_is_no_mark", "русский язык", "", "en", "en"},
		{"nothing_known", "", "", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := entryLanguage(test.own, "", test.text, "", test.source); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func FuzzLanguage(f *testing.F) {
	f.Add("Die Minister trafen sich am Montag. Министры İıəǝ")
	f.Fuzz(func(t *testing.T, text string) {
		if tag := Language(text); tag != languageTag(tag) {
			t.Errorf("Language(%q) = %q, which is no tag", text, tag)
		}
	})
}
