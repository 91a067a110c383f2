package feed

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// trackingNames are parameters that say how a reader came to a page, by the
// documents of those who add them. Names are in lower case; one that means
// something on some sites is not here but in trackingByHost.
var trackingNames = names(
	// Google, with Analytics
	"gclid gclsrc dclid gbraid wbraid gad_source gad_campaignid srsltid _ga _gl _gac ga_source ga_medium ga_term ga_content ga_campaign",
	// Meta
	"fbclid fb_action_ids fb_action_types fb_source fb_ref igshid igsh mibextid",
	// Yandex, and others in its part of the world
	"yclid ysclid ymclid _openstat rb_clickid erid",
	// Microsoft, X, TikTok, LinkedIn, Snapchat, Pinterest, Reddit
	"msclkid twclid ref_src ref_url ttclid li_fat_id scclid sccid epik rdt_cid",
	// mail: Mailchimp, HubSpot, Marketo, Vero, Omeda, Drip, Klaviyo
	"mc_cid mc_eid _hsenc _hsmi __hssc __hstc __hsfp hsctatracking mkt_tok vero_id vero_conv oly_anon_id oly_enc_id __s _ke _kx",
	// Adobe, AT Internet, Webtrends, comScore, Matomo and other analytics
	"s_cid s_kwcid ef_id xtor xtref at_medium at_campaign at_campaign_type at_creation at_format at_link_id at_link_origin at_link_type at_ptr_name at_recipient_id at_recipient_list at_send_date at_custom1 at_custom2 at_custom3 at_custom4 at_bbc_team wt_mc wt.mc_id wt_zmc ns_campaign ns_mchannel ns_source ns_linkname ns_fee wickedid",
	"piwik_campaign piwik_kwd piwik_keyword pk_campaign pk_kwd pk_keyword pk_source pk_medium pk_content pk_cid matomo_campaign matomo_kwd mtm_campaign mtm_keyword mtm_kwd mtm_source mtm_medium mtm_content mtm_cid mtm_group mtm_placement",
	// other
	"itm_source itm_medium itm_campaign itm_content soc_src soc_trk guccounter guce_referrer guce_referrer_sig",
)

// trackingPrefixes are for families in which everybody invents members.
var trackingPrefixes = []string{"utm_", "hsa_"}

// trackingByHost are parameters that only track on these sites and below them.
var trackingByHost = map[string]map[string]bool{
	"youtube.com":        names("feature si ab_channel pp"),
	"youtu.be":           names("feature si"),
	"spotify.com":        names("si"),
	"twitter.com":        names("s t"),
	"x.com":              names("s t"),
	"nytimes.com":        names("smid smtyp partner emc referringsource"),
	"theguardian.com":    names("cmp"),
	"bbc.com":            names("ocid"),
	"bbc.co.uk":          names("ocid"),
	"msn.com":            names("ocid cvid ei"),
	"washingtonpost.com": names("wpisrc wpmm tid itid"),
	"bloomberg.com":      names("srnd cmpid leadsource"),
	"reuters.com":        names("feedtype feedname rpc"),
	"economist.com":      names("fsrc"),
	"ft.com":             names("ftcamp segmentid"),
	"aljazeera.com":      names("traffic_source"),
	"dw.com":             names("maca"),
	"medium.com":         names("source"),
	"substack.com":       names("r s showwelcomeonshare triedredirect"),
	"linkedin.com":       names("trk trackingid refid lipi"),
}

func names(lists ...string) map[string]bool {
	m := make(map[string]bool)
	for _, list := range lists {
		for name := range strings.FieldsSeq(list) {
			m[name] = true
		}
	}
	return m
}

// isTracking reports whether a parameter says nothing about which page is meant.
func isTracking(parameter, host string) bool {
	name, value, _ := strings.Cut(parameter, "=")
	name = strings.ToLower(name)
	if trackingNames[name] {
		return true
	}
	for _, prefix := range trackingPrefixes {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	if name == "amp" && (value == "" || value == "1" || value == "true") || name == "outputtype" && value == "amp" {
		return true
	}
	for host != "" {
		if trackingByHost[host][name] {
			return true
		}
		_, host, _ = strings.Cut(host, ".")
	}
	return false
}

// redirectors are pages that do nothing but lead to the address in one of their
// parameters, by host and then by path.
var redirectors = map[string]map[string][]string{
	"l.facebook.com":       {"/l.php": {"u"}, "": {"u"}},
	"lm.facebook.com":      {"/l.php": {"u"}},
	"facebook.com":         {"/l.php": {"u"}},
	"l.messenger.com":      {"/l.php": {"u"}, "": {"u"}},
	"l.instagram.com":      {"": {"u"}},
	"l.threads.net":        {"": {"u"}},
	"youtube.com":          {"/redirect": {"q"}},
	"vk.com":               {"/away.php": {"to"}},
	"away.vk.com":          {"/away.php": {"to"}},
	"t.me":                 {"/iv": {"url"}},
	"t.umblr.com":          {"/redirect": {"z"}},
	"out.reddit.com":       {"": {"url"}},
	"duckduckgo.com":       {"/l": {"uddg"}},
	"linkedin.com":         {"/redir/redirect": {"url"}, "/safety/go": {"url"}},
	"slack-redir.net":      {"/link": {"url"}},
	"medium.com":           {"/r": {"url"}},
	"getpocket.com":        {"/redirect": {"url"}},
	"disq.us":              {"/url": {"url"}},
	"steamcommunity.com":   {"/linkfilter": {"url", "u"}},
	"googleweblight.com":   {"": {"lite_url"}, "/i": {"u"}},
	"news.url.google.com":  {"/url": {"url", "q"}},
	"redirect.viglink.com": {"": {"u"}},
	"go.skimresources.com": {"": {"url"}},
	"href.li":              {"": nil},
}

// target returns the address that a redirector or an AMP cache leads to, or ""
// where a is neither.
func (a webAddress) target() string {
	path := strings.TrimRight(a.path, "/")
	switch {
	case isGoogle(a.host) && path == "/url":
		return queryAddress(a.query, "q", "url")
	case isGoogle(a.host) && strings.HasPrefix(path, "/amp/"), a.host == "bing.com" && strings.HasPrefix(path, "/amp/"):
		return cached(strings.TrimPrefix(path, "/amp/"), a.query)
	case strings.HasSuffix(a.host, ".cdn.ampproject.org"):
		// /c/s/HOST/PATH: c, v, i or a kind of ours to come; s is for https.
		if _, rest, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/"); ok {
			return cached(rest, a.query)
		}
	case strings.HasSuffix(a.host, ".safelinks.protection.outlook.com"):
		return queryAddress(a.query, "url")
	case a.host == "href.li":
		return a.query
	case a.host == "bing.com" && path == "/ck/a":
		encoded := strings.TrimPrefix(queryValue(a.query, "u"), "a1")
		b, err := base64.RawURLEncoding.DecodeString(encoded)
		if err == nil && isWebAddress(string(b)) {
			return string(b)
		}
	default:
		if parameters, ok := redirectors[a.host][path]; ok {
			return queryAddress(a.query, parameters...)
		}
	}
	return ""
}

// isGoogle reports whether the host is one of the search engine's: google.com,
// google.az, google.com.tr.
func isGoogle(host string) bool {
	rest, ok := strings.CutPrefix(host, "google.")
	return ok && strings.Count(rest, ".") <= 1
}

// cached returns the address that stands in the path of a cache.
func cached(path, query string) string {
	rest, secure := strings.CutPrefix(path, "s/")
	host, _, _ := strings.Cut(rest, "/")
	if !strings.Contains(host, ".") {
		return ""
	}
	scheme := "http://"
	if secure {
		scheme = "https://"
	}
	if query != "" {
		rest += "?" + query
	}
	return scheme + rest
}

// queryAddress returns the first of the parameters that is a web address.
func queryAddress(query string, names ...string) string {
	for _, name := range names {
		if value := queryValue(query, name); isWebAddress(value) {
			return value
		}
	}
	return ""
}

func queryValue(query, name string) string {
	for parameter := range strings.SplitSeq(query, "&") {
		if value, ok := strings.CutPrefix(strings.TrimPrefix(parameter, "amp;"), name+"="); ok {
			if decoded, err := url.QueryUnescape(value); err == nil {
				return decoded
			}
		}
	}
	return ""
}

func isWebAddress(s string) bool {
	_, ok := splitAddress(strings.TrimSpace(s))
	return ok
}
