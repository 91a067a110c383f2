package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"serai/internal/fetch"
	"serai/internal/parse"
)

// maxDocument bounds what is read from a file or from standard input, as the
// fetcher bounds what it reads from the web.
const maxDocument = 32 << 20

func newParse(g *global) *cobra.Command {
	var address string
	var headers []string
	cmd := &cobra.Command{
		Use:   "parse FILE|URL|-",
		Short: "Print what serai reads in a feed, as JSON",
		Long: `Prints what serai reads in a feed, as it would publish it: a JSON Feed 1.1, with
what that has no field for in "_ext". What had to be mended to read it is said
on standard error.`,
		Example: "  serai parse --url https://example.org/feed --header 'Content-Type: text/xml' saved.xml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			header, err := parseHeaders(headers)
			if err != nil {
				return err
			}
			in, err := g.readDocument(cmd, args[0])
			if err != nil {
				return err
			}
			if address != "" {
				in.URL = address
			}
			if v := header.Get("Content-Type"); v != "" {
				in.ContentType = v
			}
			if v := header.Get("Content-Language"); v != "" {
				in.ContentLanguage = v
			}
			doc, err := parse.Document(in.body, in.Options)
			if err != nil {
				return err
			}
			for _, r := range doc.Repairs {
				fmt.Fprintf(cmd.ErrOrStderr(), "mended: %s: %s\n", r.Kind, oneLine(r.Detail))
			}
			return printJSON(cmd.OutOrStdout(), neutral(doc, in.URL))
		},
	}
	cmd.Flags().StringVar(&address, "url", "", "the address it was fetched from, to which its links are relative")
	cmd.Flags().StringArrayVar(&headers, "header", nil, "a header of the answer it came in, such as 'Content-Type: text/xml'")
	return cmd
}

// An input is a document with what is known of it besides.
type input struct {
	parse.Options
	body []byte
}

func parseHeaders(list []string) (http.Header, error) {
	header := http.Header{}
	for _, h := range list {
		name, value, ok := strings.Cut(h, ":")
		if !ok {
			return nil, usageError{fmt.Errorf("--header %q: write it as 'Name: value'", h)}
		}
		header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return header, nil
}

func (g *global) readDocument(cmd *cobra.Command, name string) (input, error) {
	switch {
	case name == "-":
		return readAll(cmd.InOrStdin())
	case strings.HasPrefix(name, "http://"), strings.HasPrefix(name, "https://"):
		return g.fetchDocument(cmd.Context(), name)
	}
	f, err := os.Open(name)
	if err != nil {
		return input{}, err
	}
	defer f.Close() //nolint:errcheck // only read
	return readAll(f)
}

func readAll(r io.Reader) (input, error) {
	body, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if err != nil {
		return input{}, err
	}
	if len(body) > maxDocument {
		return input{}, fmt.Errorf("more than %d MiB: serai reads no feed as large", maxDocument>>20)
	}
	return input{body: body}, nil
}

// fetchDocument asks for a document as a poll would. It needs no configuration;
// where there is one, its network.allow holds.
func (g *global) fetchDocument(ctx context.Context, address string) (input, error) {
	var o fetch.Options
	if cfg, err := g.load(); err == nil {
		o = fetch.Options{UserAgent: userAgent(cfg), Allow: cfg.Network.Allow}
	} else {
		o.UserAgent = "serai/" + version()
	}
	client := fetch.New(o)
	defer client.Close()
	got := client.Get(ctx, fetch.Request{URL: address})
	if got.Failure != nil {
		return input{}, got.Failure
	}
	return input{parse.Options{URL: got.FinalURL, ContentType: got.ContentType, ContentLanguage: got.ContentLanguage}, got.Body}, nil
}
