package db

import (
	"database/sql/driver"
	"reflect"
	"strconv"
)

// Args collects the arguments of a statement that is put together from parts:
//
//	var a db.Args
//	q := "SELECT id FROM person WHERE unit = " + a.Add(unit)
//	rows, err := d.Query(ctx, q, a...)
type Args []any

// Add appends v and returns its placeholder, "$1" for the first.
func (a *Args) Add(v any) string {
	*a = append(*a, v)
	return "$" + strconv.Itoa(len(*a))
}

// List appends all values and returns "$1, $2, …" for an IN list; no values
// give "NULL", which no row equals.
func List[T any](a *Args, vs []T) string {
	if len(vs) == 0 {
		return "NULL"
	}
	out := make([]byte, 0, 5*len(vs))
	for i, v := range vs {
		if i > 0 {
			out = append(out, ", "...)
		}
		out = append(out, a.Add(v)...)
	}
	return string(out)
}

// plain returns v in one of the forms both drivers take as they are: nil,
// int64, float64, string, []byte. Booleans become 0 and 1.
func plain(v any) (any, error) {
	switch x := v.(type) {
	case nil, int64, string, []byte, float64:
		return v, nil
	case int:
		return int64(x), nil
	case bool:
		if x {
			return int64(1), nil
		}
		return int64(0), nil
	case int32:
		return int64(x), nil
	case driver.Valuer:
		rv := reflect.ValueOf(v)
		if rv.Kind() == reflect.Pointer && rv.IsNil() {
			return nil, nil
		}
		out, err := x.Value()
		if err != nil {
			return nil, err
		}
		if b, ok := out.(bool); ok {
			return plain(b)
		}
		return out, nil
	}
	return plainKind(v)
}

// plainKind is plain for named types and pointers.
func plainKind(v any) (any, error) {
	rv := reflect.ValueOf(v)
	switch rv.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return rv.Int(), nil
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return int64(rv.Uint()), nil
	case reflect.String:
		return rv.String(), nil
	case reflect.Bool:
		return plain(rv.Bool())
	case reflect.Float32, reflect.Float64:
		return rv.Float(), nil
	case reflect.Slice:
		if rv.Type().Elem().Kind() == reflect.Uint8 {
			return rv.Bytes(), nil
		}
	case reflect.Pointer:
		if rv.IsNil() {
			return nil, nil
		}
		return plain(rv.Elem().Interface())
	}
	return nil, &argError{kind: rv.Type().String()}
}

// argError names an argument no column can hold.
type argError struct{ kind string }

func (e *argError) Error() string { return "a value of type " + e.kind + " cannot be stored" }

// plainAll applies plain to each argument; it copies only when it must.
func plainAll(args []any) ([]any, error) {
	out := args
	for i, v := range args {
		switch v.(type) {
		case nil, int64, string, []byte, float64:
			continue
		}
		p, err := plain(v)
		if err != nil {
			return nil, err
		}
		if &out[0] == &args[0] {
			out = append([]any(nil), args...)
		}
		out[i] = p
	}
	return out, nil
}
