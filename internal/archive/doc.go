// Package archive opens zip archives that people send, and is the only package
// that does: workbooks today. Before one byte is unpacked it looks at the
// directory: how many entries, what they are called, how large they say they
// are together and against the file, whether they lie over each other, are
// locked or are archives themselves. What is read later ends at the size that
// was said.
package archive
