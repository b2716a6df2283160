package org

import "strconv"

// rootPath is the path of the province.
const rootPath = "1/"

// childPath is the path of the child with this ordinal.
func childPath(parent string, ordinal int64) string {
	return parent + strconv.FormatInt(ordinal, 36) + "/"
}
