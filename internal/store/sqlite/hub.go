package sqlite

import (
	"context"
	"fmt"
	"time"

	"serai/internal/store"
)

// Subscribe adds a subscription to one of our topics, or renews it. What it is
// still owed stays owed.
func (s *Store) Subscribe(ctx context.Context, sub store.Subscription) error {
	const query = `
		INSERT INTO subscription (topic, callback, secret, until, tries, since, due_at, leased_until, news, taken)
		VALUES (?, ?, ?, ?, 0, 0, 0, 0, 0, 0)
		ON CONFLICT (topic, callback) DO UPDATE SET secret = excluded.secret, until = excluded.until`
	err := s.write(ctx, func(ctx context.Context, c *conn) error {
		return c.exec(ctx, query, sub.Topic, sub.Callback, sub.Secret, millis(sub.Until))
	})
	if err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	return nil
}

// Unsubscribe ends a subscription.
func (s *Store) Unsubscribe(ctx context.Context, topic, callback string) error {
	err := s.write(ctx, func(ctx context.Context, c *conn) error {
		return c.exec(ctx, `DELETE FROM subscription WHERE topic = ? AND callback = ?`, topic, callback)
	})
	if err != nil {
		return fmt.Errorf("unsubscribe: %w", err)
	}
	return nil
}

// Subscriptions counts those that have not expired at now.
func (s *Store) Subscriptions(ctx context.Context, now time.Time) (int, error) {
	var n int
	err := s.view(ctx, func(c *conn) error {
		return c.one(ctx, `SELECT count(*) FROM subscription WHERE until > ?`, []any{millis(now)}, &n)
	})
	if err != nil {
		return 0, fmt.Errorf("count subscriptions: %w", err)
	}
	return n, nil
}

// Announce makes a delivery due for every subscription to the topics. One that
// is waiting for another try goes on waiting. Expired subscriptions are
// forgotten here.
func (s *Store) Announce(ctx context.Context, topics []string, now time.Time) error {
	const query = `
		UPDATE subscription SET news = news + 1,
			since = CASE WHEN due_at = 0 THEN ?1 ELSE since END,
			due_at = CASE WHEN due_at = 0 THEN ?1 ELSE due_at END
		WHERE topic = ?2`
	err := s.write(ctx, func(ctx context.Context, c *conn) error {
		if err := c.exec(ctx, `DELETE FROM subscription WHERE until <= ?`, millis(now)); err != nil {
			return err
		}
		for _, topic := range topics {
			if err := c.exec(ctx, query, millis(now), topic); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("announce: %w", err)
	}
	return nil
}

// Deliveries hands out at most limit subscriptions whose delivery is due,
// those that have waited longest first.
func (s *Store) Deliveries(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]store.Subscription, error) {
	const due = `
		SELECT topic, callback, secret, until, tries, since FROM subscription INDEXED BY subscription_due
		WHERE due_at > 0 AND due_at <= ?1 AND leased_until <= ?1 AND until > ?1
		ORDER BY due_at LIMIT ?2`
	const take = `UPDATE subscription SET leased_until = ?, taken = news WHERE topic = ? AND callback = ?`
	type row struct {
		sub          store.Subscription
		until, since int64
	}
	var rows []row
	err := s.write(ctx, func(ctx context.Context, c *conn) error {
		err := c.each(ctx, due, []any{millis(now), max(limit, 0)}, scanned(&rows, func(r *row) []any {
			return []any{&r.sub.Topic, &r.sub.Callback, &r.sub.Secret, &r.until, &r.sub.Tries, &r.since}
		}))
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := c.exec(ctx, take, millis(now.Add(lease)), r.sub.Topic, r.sub.Callback); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("hand out deliveries: %w", err)
	}
	subs := make([]store.Subscription, len(rows))
	for i, r := range rows {
		subs[i] = r.sub
		subs[i].Until, subs[i].Since = moment(r.until), moment(r.since)
	}
	return subs, nil
}

// Delivered notes how a delivery went. What was announced while it was under
// way is still due.
func (s *Store) Delivered(ctx context.Context, topic, callback string, retry time.Time) error {
	const failed = `
		UPDATE subscription SET leased_until = 0, tries = tries + 1, due_at = ? WHERE topic = ? AND callback = ?`
	const over = `
		UPDATE subscription SET leased_until = 0, tries = 0,
			since = CASE WHEN news > taken THEN since ELSE 0 END,
			due_at = CASE WHEN news > taken THEN due_at ELSE 0 END
		WHERE topic = ? AND callback = ?`
	err := s.write(ctx, func(ctx context.Context, c *conn) error {
		if retry.IsZero() {
			return c.exec(ctx, over, topic, callback)
		}
		return c.exec(ctx, failed, millis(retry), topic, callback)
	})
	if err != nil {
		return fmt.Errorf("note delivery: %w", err)
	}
	return nil
}
