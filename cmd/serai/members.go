package main

import (
	"bufio"
	"encoding/json"

	"github.com/spf13/cobra"

	"serai/internal/store"
)

func newMembers(g *global) *cobra.Command {
	return &cobra.Command{
		Use:   "members",
		Short: "Print which entries are one article, as JSON",
		Long: `Prints the members of every story as one JSON list of lists of "source|key",
the lead first. The key is the entry's guid, else its link; where one source
uses one guid for several links it is "guid|link".`,
		Example: "  serai members > clusters.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := g.logger(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			return g.withReader(cmd.Context(), log, func(r store.Reader) error {
				return writeMembers(cmd, r)
			})
		},
	}
}

// writeMembers writes a story a line, as it reads them: there may be millions.
func writeMembers(cmd *cobra.Command, r store.Reader) error {
	w := bufio.NewWriter(cmd.OutOrStdout())
	separator := "[\n"
	for members, err := range r.Members(cmd.Context()) {
		if err != nil {
			return err
		}
		names := make([]string, len(members))
		for i, m := range members {
			names[i] = m.Source + "|" + m.Key
		}
		line, err := json.Marshal(names)
		if err != nil {
			return err
		}
		w.WriteString(separator) //nolint:errcheck // Flush returns the first error
		w.Write(line)            //nolint:errcheck // likewise
		separator = ",\n"
	}
	if separator == "[\n" {
		w.WriteString("[") //nolint:errcheck // likewise
	}
	w.WriteString("\n]\n") //nolint:errcheck // likewise
	return w.Flush()
}
