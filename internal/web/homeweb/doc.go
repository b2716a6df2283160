// Package homeweb is where everybody arrives: the public front page, and the
// home page of each role. A home says first what its reader must do now, with
// the action beside it, then how things stand, then where everything is. It
// shows what there is and says so where there is nothing.
package homeweb
