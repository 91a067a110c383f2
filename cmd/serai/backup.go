package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"serai/internal/store/sqlite"
)

func newBackup(g *global) *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Write a consistent copy of the database, also while the daemon runs",
		Long: `Writes a consistent copy of the database to a new file and checks it. The copy
is a database of its own: to restore it, stop the daemon and put it in the
database's place. A plain copy of the file is not a backup: what is in the -wal
file beside it would be missing.`,
		Example: "  serai backup /var/backups/serai-$(date +%F).db",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			log, err := g.logger(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			st, err := g.openExisting(cmd.Context(), sqlite.Options{Log: log})
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, st.Close()) }()
			if err := st.Backup(cmd.Context(), args[0]); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s written and checked\n", args[0])
			return err
		},
	}
}
