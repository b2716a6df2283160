package accountweb

import (
	"learnspace/internal/access"
	"learnspace/internal/web"
)

// Routes lists the pages of the face.
func (f *Face) Routes() []web.Route {
	return []web.Route{
		{Method: "GET", Pattern: "/signin", Anonymous: true, Handler: f.showSignIn},
		{Method: "POST", Pattern: "/signin", Anonymous: true, Handler: f.signIn},
		{Method: "GET", Pattern: "/signin/help", Anonymous: true, Handler: f.showHelp},
		{Method: "POST", Pattern: "/signout", Anonymous: true, Handler: f.signOut},
		{Method: "GET", Pattern: "/activate", Anonymous: true, Handler: f.showCode},
		{Method: "POST", Pattern: "/activate/code", Anonymous: true, Handler: f.takeCode},
		{Method: "GET", Pattern: "/activate/name", Anonymous: true, Handler: f.showName},
		{Method: "POST", Pattern: "/activate/name", Anonymous: true, Handler: f.confirmName},
		{Method: "POST", Pattern: "/activate/stop", Anonymous: true, Handler: f.stop},
		{Method: "GET", Pattern: "/activate/consent", Anonymous: true, Handler: f.showConsent},
		{Method: "POST", Pattern: "/activate/consent", Anonymous: true, Handler: f.takeConsent},
		{Method: "GET", Pattern: "/activate/guardian", Anonymous: true, Handler: f.showProof},
		{Method: "POST", Pattern: "/activate/guardian", Anonymous: true, Handler: f.takeProof},
		{Method: "GET", Pattern: "/activate/login", Anonymous: true, Handler: f.showLogin},
		{Method: "POST", Pattern: "/activate/login", Anonymous: true, Handler: f.takeLogin},
		{Method: "GET", Pattern: "/me", Permission: access.AccountSelf, Object: "account", Handler: f.showMe},
		{Method: "POST", Pattern: "/me/role", Permission: access.AccountSelf, Object: "account", Handler: f.switchRole},
		{Method: "POST", Pattern: "/me/password", Permission: access.AccountSelf, Object: "account", Handler: f.changePassword},
		{Method: "POST", Pattern: "/me/sessions/end", Permission: access.AccountSelf, Object: "session", Handler: f.endSessions},
		{Method: "GET", Pattern: "/me/consent", Permission: access.AccountSelf, Object: "account", Handler: f.showMeConsent},
		{Method: "POST", Pattern: "/me/consent", Permission: access.AccountSelf, Object: "account", Handler: f.answerMeConsent},
		{Method: "GET", Pattern: "/me/children", Permission: access.AccountSelf, Object: "account", Handler: f.showBind},
		{Method: "POST", Pattern: "/me/children", Permission: access.AccountSelf, Object: "account", Handler: f.bind},
		{Method: "GET", Pattern: "/classes/{node}/members", Permission: access.PersonRead, Object: "node", Handler: f.showMembers},
		{Method: "POST", Pattern: "/classes/{node}/confirm", Permission: access.ClassConfirm, Object: "node", Handler: f.confirmClass},
		{Method: "GET", Pattern: "/classes/{node}/slips", Permission: access.CodeIssue, Object: "node", Handler: f.showSlips},
		{Method: "POST", Pattern: "/classes/{node}/slips", Permission: access.CodeIssue, Object: "node", Handler: f.issueSlips},
		// A county issues a code to the manager of a school whom it has named: for
		// one person the service's rule decides, not a permission alone.
		{Method: "GET", Pattern: "/slips/{sheet}", Permission: access.AccountSelf, Object: "sheet", Handler: f.printSheet},
		{Method: "GET", Pattern: "/people/{person}/code", Permission: access.AccountSelf, Object: "person", Handler: f.askCode},
		{Method: "POST", Pattern: "/people/{person}/code", Permission: access.AccountSelf, Object: "person", Handler: f.issueCode},
		{Method: "GET", Pattern: "/people/{person}/verify", Permission: access.IdentityCheck, Object: "person", Handler: f.askVerify},
		{Method: "POST", Pattern: "/people/{person}/verify", Permission: access.IdentityCheck, Object: "person", Handler: f.verify},
	}
}
