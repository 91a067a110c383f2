package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"serai/internal/store/sqlite"
)

func newDoctor(g *global) *cobra.Command {
	var repair, health bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check database, configuration and posts, and say what is wrong",
		Long: `Checks the configuration, the posts and the database, and prints a line for
each problem. With --repair it mends in the database what can be mended from
what is there. With --health it only asks the running daemon whether it is well,
which suits a container's health check.`,
		Example: "  serai doctor --repair",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if health {
				return g.askHealth(cmd)
			}
			return g.diagnose(cmd, repair)
		},
	}
	cmd.Flags().BoolVar(&repair, "repair", false, "mend the database where that can be done")
	cmd.Flags().BoolVar(&health, "health", false, "only ask the running daemon whether it is well")
	cmd.Flags().String("listen", "", "where the daemon listens, with --health; else as in the configuration (SERAI_LISTEN)")
	cmd.MarkFlagsMutuallyExclusive("repair", "health")
	return cmd
}

// diagnose goes on after a problem: who asks wants to know all of them.
func (g *global) diagnose(cmd *cobra.Command, repair bool) error {
	log, err := g.logger(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	found := 0
	say := func(lines ...string) {
		for _, line := range lines {
			found++
			fmt.Fprintln(cmd.OutOrStdout(), line)
		}
	}
	cfg, err := g.load()
	if err != nil {
		say(err.Error())
	} else {
		for _, warning := range cfg.Warnings {
			fmt.Fprintln(cmd.ErrOrStderr(), warning) // to be known, and no problem
		}
		problems, err := checkPosts(cfg)
		if err != nil {
			say(err.Error())
		}
		say(problems...)
	}
	lines, err := g.checkDatabase(cmd.Context(), sqlite.Options{ReadOnly: !repair, Log: quiet(log)}, repair)
	if err != nil {
		say(err.Error())
	}
	say(lines...)
	if found > 0 {
		return fmt.Errorf("%d problems found", found)
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), "configuration, posts and database are well")
	return err
}

func (g *global) checkDatabase(ctx context.Context, o sqlite.Options, repair bool) ([]string, error) {
	st, err := g.openExisting(ctx, o)
	if err != nil {
		return nil, err
	}
	lines, err := st.Check(ctx, repair)
	return lines, errors.Join(err, st.Close())
}

// askHealth asks the daemon of this machine for /healthz.
func (g *global) askHealth(cmd *cobra.Command) error {
	listen := cmd.Flag("listen").Value.String()
	if listen == "" {
		cfg, err := g.load()
		if err != nil {
			return err
		}
		listen = cfg.Listen
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+localAddress(listen)+"/healthz", http.NoBody)
	if err != nil {
		return usageError{fmt.Errorf("listen %q: %w", listen, err)}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("the daemon does not answer: %w", err)
	}
	defer resp.Body.Close() //nolint:errcheck // only the status matters
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the daemon is not well: /healthz says %s", resp.Status)
	}
	return nil
}

// localAddress returns where to reach, from this machine, a server that
// listens there.
func localAddress(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
