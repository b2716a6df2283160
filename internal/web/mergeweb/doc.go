// Package mergeweb is the pages on which a school or county keeps one record a
// person: pairs that may be one person, the preview of a merging, corrections
// with their history, and who left, graduated or died.
package mergeweb
