package fetch

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"serai/internal/feed"
)

func TestSend(t *testing.T) {
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/moved" {
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
			return
		}
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write(body)
	})
	c := newClient(t)
	post := func(path string) (Reply, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, o.URL+path, strings.NewReader("hub.mode=publish"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return c.Send(t.Context(), req, 8)
	}
	got, err := post("/hub?x=1")
	if err != nil || got.Status != http.StatusAccepted || string(got.Body) != "hub.mode" || !got.Cut {
		t.Errorf("sent: %+v, %v", got, err)
	}
	if r := o.requests()[0]; r.RequestURI != "/hub?x=1" || r.Header.Get("User-Agent") == "" || r.Header["Cookie"] != nil || r.Header["Accept-Encoding"] != nil {
		t.Errorf("asked %s with %v", r.RequestURI, r.Header)
	}
	if got, err = post("/moved"); err != nil || got.Status != http.StatusFound || len(o.requests()) != 2 {
		t.Errorf("a redirect gave %+v, %v after %d requests", got, err, len(o.requests()))
	}
}

func TestSendIsGuarded(t *testing.T) {
	c := New(Options{})
	t.Cleanup(c.Close)
	for _, address := range []string{"http://127.0.0.1:1/", "http://localhost:8080/", "http://10.0.0.1/", "http://[::1]/", "ftp://example.org/", "http://u:p@example.org/"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Send(t.Context(), req, 100)
		var failure *feed.Failure
		if !errors.As(err, &failure) || failure.Class != feed.FailRefused {
			t.Errorf("%s: %v", address, err)
		}
	}
}
