package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"serai/internal/strict"
)

// Exit statuses.
const (
	exitDone   = 0
	exitFailed = 1 // said on standard error, with what to do
	exitUsage  = 2 // wrong usage or wrong configuration
)

// A usageError is a mistake of the caller: wrong arguments or flags.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// A global is what every command is given: the flags that all share.
type global struct {
	config    string
	db        string
	logFormat string
	logLevel  string
}

func newRoot() *cobra.Command {
	g := &global{}
	root := &cobra.Command{
		Use:   "serai",
		Short: "Many feeds in, one river of news out",
		Long: `serai pulls RSS, Atom and JSON feeds on a schedule, keeps them beside your own
posts, finds out which entries are the same article, and publishes combined
channels as feeds and as pages.`,
		Example:       "  serai serve --config feeds.yaml --db serai.db",
		SilenceErrors: true, // run says them, once
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return fromEnvironment(cmd.Flags())
		},
	}
	flags := root.PersistentFlags()
	flags.StringVar(&g.config, "config", "feeds.yaml", "the configuration (SERAI_CONFIG)")
	flags.StringVar(&g.db, "db", "serai.db", "the database (SERAI_DB)")
	flags.StringVar(&g.logFormat, "log-format", "text", "text or json (SERAI_LOG_FORMAT)")
	flags.StringVar(&g.logLevel, "log-level", "info", "debug, info, warn or error (SERAI_LOG_LEVEL)")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; see '%s --help'", err, cmd.CommandPath())}
	})
	root.AddCommand(
		newServe(g), newPoll(g), newCheck(g), newParse(g), newSources(g), newStories(g), newExplain(g),
		newMembers(g), newRender(g), newBuild(g), newPost(g), newOPML(g), newBackup(g), newDoctor(g), newVersion(),
	)
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" {
			cmd.Example = "  serai completion bash > /etc/bash_completion.d/serai"
		}
	}
	usageArgs(root)
	return root
}

// usageArgs makes wrong arguments a mistake of usage, in every command.
func usageArgs(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usageError{fmt.Errorf("%w; see '%s --help'", err, cmd.CommandPath())}
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		usageArgs(sub)
	}
}

// fromEnvironment gives every flag that was not set the value of its
// environment variable: --log-format is SERAI_LOG_FORMAT.
func fromEnvironment(flags *pflag.FlagSet) error {
	var errs []error
	flags.VisitAll(func(f *pflag.Flag) {
		name := "SERAI_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value, ok := os.LookupEnv(name)
		if f.Changed || !ok {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			errs = append(errs, usageError{fmt.Errorf("environment variable %s: %w", name, err)})
		}
	})
	return errors.Join(errs...)
}

// logger returns the log, on standard error.
func (g *global) logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(g.logLevel)); err != nil {
		return nil, usageError{fmt.Errorf("--log-level %s: not a level; take debug, info, warn or error", g.logLevel)}
	}
	o := &slog.HandlerOptions{Level: level}
	switch g.logFormat {
	case "text":
		return slog.New(slog.NewTextHandler(w, o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, o)), nil
	}
	return nil, usageError{fmt.Errorf("--log-format %s: not a format; take text or json", g.logFormat)}
}

// complain tells a person what went wrong.
func complain(w io.Writer, err error) {
	if problems, ok := errors.AsType[*strict.Problems](err); ok {
		// Each line names its place; nothing stands before it, so that editors
		// can jump there.
		fmt.Fprintln(w, problems.Error())
		return
	}
	fmt.Fprintln(w, "serai:", err)
}

func exitStatus(err error) int {
	if err == nil {
		return exitDone
	}
	_, usage := errors.AsType[usageError](err)
	_, problems := errors.AsType[*strict.Problems](err)
	if usage || problems || strings.HasPrefix(err.Error(), "unknown command") {
		return exitUsage
	}
	return exitFailed
}

// quiet keeps a log to what someone has to act on, for commands whose output
// says the rest.
func quiet(log *slog.Logger) *slog.Logger {
	return slog.New(atLeast{log.Handler(), slog.LevelWarn})
}

// atLeast is a handler that drops what is below its level.
type atLeast struct {
	slog.Handler
	level slog.Level
}

func (h atLeast) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.level && h.Handler.Enabled(ctx, level)
}
