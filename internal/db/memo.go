package db

import "context"

// Memo returns the value that belongs to K in the view that ctx carries, made
// by its zero value at the first call: what was read in a view stays true as
// long as the view lasts, so a package may keep its rows there and read none
// twice. It is nil outside a view and in a transaction that writes. Like the
// view it belongs to one goroutine.
func Memo[K any](ctx context.Context, q Queryer) *K {
	d, ok := q.(*DB)
	if !ok {
		return nil
	}
	tx := d.current(ctx)
	if tx == nil || !tx.view {
		return nil
	}
	for _, m := range tx.memos {
		if v, ok := m.(*K); ok {
			return v
		}
	}
	v := new(K)
	tx.memos = append(tx.memos, v)
	return v
}
