package db

// analyzeFrom is how many rows bulk work puts into a table before its
// statistics are taken for the first time.
const analyzeFrom = 4000

// outgrown counts the rows that bulk work has put into a table and reports
// whether it has grown eightfold since its statistics were taken: a plan made for an
// empty table reads all of it for each of five hundred hashes.
func (d *DB) outgrown(table string, rows int64) bool {
	d.statMu.Lock()
	defer d.statMu.Unlock()
	if d.stat == nil {
		d.stat = map[string]*growth{}
	}
	g := d.stat[table]
	if g == nil {
		g = &growth{next: analyzeFrom}
		d.stat[table] = g
	}
	if g.rows += rows; g.rows < g.next {
		return false
	}
	g.next = 8 * g.rows
	return true
}

// growth is how many rows were put into a table and from how many on its
// statistics are taken again.
type growth struct{ rows, next int64 }
