package clean

import (
	"math/bits"
	"strings"
	"sync"
)

// Languages that are told apart by more than their script.
const (
	en = iota
	de
	fr
	es
	it
	pt
	pl
	tr
	az
	ru
	uk
	numLanguages
)

var languageNames = [numLanguages]struct {
	tag    string
	script rune
}{
	en: {"en", 'L'}, de: {"de", 'L'}, fr: {"fr", 'L'}, es: {"es", 'L'}, it: {"it", 'L'}, pt: {"pt", 'L'},
	pl: {"pl", 'L'}, tr: {"tr", 'L'}, az: {"az", 'L'}, ru: {"ru", 'C'}, uk: {"uk", 'C'},
}

// A languageSet has a bit for each language.
type languageSet uint16

func (s languageSet) size() int { return bits.OnesCount16(uint16(s)) }

// latinMarks are letters that only some of the languages in Latin script use,
// with what one of them weighs.
var latinMarks = []struct {
	language int
	letters  string
	weight   float64
}{
	{de, "ß", 4}, {de, "äÄ", 2}, {de, "öüÖÜ", 1},
	{fr, "œŒùûëïî", 2}, {fr, "éèêàç", 0.7}, {fr, "ÉÈÊÀÇ", 0.7},
	{es, "ñÑ¿¡", 3}, {es, "áíóúÁÍÓÚ", 1}, {es, "é", 0.4},
	{pt, "ãõÃÕ", 3}, {pt, "áíóúâôçê", 0.7}, {pt, "é", 0.4},
	{it, "ìò", 2}, {it, "àèùÀÈ", 1},
	{pl, "łąęśźżćńŁŚŻŹĆ", 2}, {pl, "óÓ", 0.4},
	{tr, "ğıİĞ", 2.5}, {tr, "şŞ", 2.5}, {tr, "çöüÇÖÜ", 0.7},
	{az, "ğıİşŞ", 2}, {az, "çöüÇÖÜ", 0.6},
}

// A languageTable is what languages are told apart by. It is made when first
// needed, since most commands of the program never do.
type languageTable struct {
	marks     [maxMark]uint8         // each letter that tells something, with its place in guess.marks
	words     map[string]languageSet // the small words that no text of a language does without
	sequences map[uint32]languageSet // frequent runs of three letters within words
	endings   map[string]languageSet // frequent ends of longer words
}

var languages = sync.OnceValue(func() *languageTable {
	return &languageTable{markLetters(), frequentWords(), sequences(), endings()}
})

// maxMark is behind the last letter that tells something.
const maxMark = 0x530

func markLetters() [maxMark]uint8 {
	var m [maxMark]uint8
	n := uint8(0)
	add := func(letters string) {
		for _, r := range letters {
			if m[r] == 0 {
				n++
				m[r] = n
			}
		}
	}
	for _, mark := range latinMarks {
		add(mark.letters)
	}
	add("əƏǝƎ")
	add("ăâțșŢţőűěřůčšžđćōūāēīģķļņŗåøæþð")
	add("құңҚҰҢҹҝҸҜјЈәөүғһӘӨҮҒҺїєґЇЄҐіІыэёЫЭЁљњђћџЉЊЂЋЏѓќѕўЎҷӣӯҳҶӢӮҲъЪ")
	return m
}

func frequentWords() map[string]languageSet {
	m := make(map[string]languageSet, 700)
	for language, words := range [numLanguages]string{
		en: "the of and to in is that for it with as was on be at by this have from or had not but what are were when we there an your which their if will each about how up out them then she many some so these would other into has more her two like him see time could no make than first been its who now did get come may over after said says his he they you i all do can new also only between against while where before through during because under should being any most such since both those very just my our us me one a",
		de: "der die das und ist in den von zu mit sich des auf für nicht ein eine als auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch man sein wurde sei ich wir ihr hatte kann gegen vom können schon wenn habe seine mark ihre dann unter soll eines kein keine wieder zwei seit jahr jahre im",
		fr: "le la les de des du et est un une en que qui dans pour pas sur avec ce il au par plus ne se sont ont mais son sa ses ou aux cette été comme leur leurs nous vous elle ils être fait tout aussi même entre après sans deux ces bien si encore était avait peut selon lors depuis contre je tu on dont à y très d l",
		es: "el la los las de del y que en un una es por con para no se su al lo como más pero sus le ya o este sí porque esta entre cuando muy sin sobre también me hasta hay donde quien desde todo nos durante todos uno les ni contra otros ese eso ante ellos fue son ha han está ser tiene era años dos según",
		it: "il la le lo gli di del della dei delle e che in un una per è non con si da al dal nel nella sono come più anche ma alla su se suo sua ha hanno questo questa o i essere stato ai degli dalla sul sulla loro tra fra dopo due contro quando chi cui anni stata solo già ancora ed così dell all nell l",
		pt: "o a os as de do da dos das e que em um uma é para com não por se no na nos nas mais como mas foi ao ele seu sua ou ser quando muito há já está eu também só pelo pela até isso ela entre era depois sem mesmo aos ter seus quem me esse eles são foram anos à às contra segundo sobre",
		pl: "i w na z do że się nie jest to o jak po co ale za od przez tak dla tym tego przy są jego ich czy już był było była oraz która który które tylko ma lub być może został także roku lat jednak pod bez gdy jej nad ze te ten ta we",
		tr: "ve bir bu da de için ile olarak daha çok en gibi olan ne o ama ya var kadar sonra mi mı ki her değil ise göre yeni olduğu olduğunu dedi iki ilk arasında tarafından diye etti oldu ancak büyük önce şu üzerine yıl ilgili karşı türkiye açıklama üzere veya bunu çünkü içinde edildi etmek eden ediyor olacak bin yer",
		az: "və bir bu üçün ilə olan da də ki o isə daha çox olub bildirib edib edilib olaraq görə sonra qədər ölkə ilk yeni onun iki ancaq lakin artıq hər heç var yox bakı azərbaycan ermənistan qarabağ sülh prezident dövlət etdi deyib haqqında kimi amma belə qarşı arasında tərəfindən olacaq edir olduğunu bildirdi",
		ru: "и в во не на что с со по как это из у за от к о для его но или до при она они был была было были также только уже так все если может этого году после чтобы который которые между под является то же бы мы вы я он об",
		uk: "і в у на що не з із до та за від для як це про його але або при вона вони був була було були також тільки вже так всі якщо може цього році після щоб який які між під є то ж би ми ви я він й із зі",
	} {
		for word := range strings.FieldsSeq(words) {
			m[word] |= 1 << language
		}
	}
	return m
}

func sequences() map[uint32]languageSet {
	m := make(map[uint32]languageSet, 300)
	for language, runs := range [numLanguages]string{
		en: "the ing ion and ent her tha nth int ere tio ter est ers ati hat ate all eth his ver oth ith ght ough ill ous ght wit whi igh ear ill rsh ship ess ity ght uld aye sha tho rea eas ook ool eed",
		de: "sch ich ein che der ung gen cht den ver ers ber ges ies iss aus lic abe auf ehr eit kei cke tsc zei wir jah beh bew übe deu itz ahr eut tze ätz rge",
		fr: "ent que ion ous les our eur eux ais ait ons ire ont aux oir eau ien uit ess qui tre ique eme ann eil ouv emp hui ell ois",
		es: "cio que con ent est ado ien los nte ado ida aci dad mie ero era ara del las por bre nto idad tra rio ños ier uer iend jos lla llo ech eja hab oci",
		it: "che ell zio ent ato one gli del con lla tti nte ion sta ito att ess ono egl ett ott iam ano zza zio izi cch ggi chi ghe sci tta pre gio gli ogn",
		pt: "ent que ado nto com par nte est res men sta ara dos ess oes cao ida ore nha lho nho lha mos ais ram eir eit ovo dad ssa",
		pl: "nie sze prz rze czy owa ych ego pow zie icz cie wie ani owi dzi ski ych ani rzy trz szy acj cja cji iej dni kie kow ych wsz stw jes",
		tr: "lar ler eri bir ara nda iye ile yor anl lan ini eki ede asi iri aki mak mek dan den aya tur tir rak rek lik ken cek mey",
		az: "lar ler bil dir eri ara nda ilm aya qar xal lan nin qal bax xan ax sin tir qan olu iri aya san ham mur",
	} {
		for run := range strings.FieldsSeq(runs) {
			if len(run) == 3 && run[0] < 0x80 && run[1] < 0x80 && run[2] < 0x80 {
				m[uint32(run[0])<<16|uint32(run[1])<<8|uint32(run[2])] |= 1 << language
			}
		}
	}
	return m
}

func endings() map[string]languageSet {
	m := make(map[string]languageSet, 150)
	for language, ends := range [numLanguages]string{
		en: "ing ion ers ent ted ian ies ess ous aid ght ity est day ort ary",
		de: "ung gen hen ten ern lich eit ren ner cht che rte tet isch ens den ßen",
		fr: "ent ion ons eur aux que ais ait tre ste ues ées ère eux ire ant",
		es: "ado ido nte dad dos das cia tos nto rio nes bre ero aba cos",
		it: "one oni nte ato ata ito ati tto eri are ere ire ale nti tti tra",
		pt: "nte ado ada ões ção dos das cia mos ram ava nto cos res eis ões",
		pl: "nie ego ych owa ści cie ски ski nia ach emu ymi wał ają ami iej",
		tr: "lar ler dan den nda nde ını ini yor rak rek mak mek dır dir tır tir",
		az: "lar dan nın nda dır yib rib lib dir dan sın aya ına",
	} {
		for end := range strings.FieldsSeq(ends) {
			if len(end) == 3 {
				m[end] |= 1 << language
			}
		}
	}
	return m
}
