package accountweb

import (
	"learnspace/internal/access"
	"learnspace/internal/web"
)

// Routes lists the pages of the face.
func (f *Face) Routes() []web.Route {
	return append(f.factorRoutes(), []web.Route{
		{Method: "GET", Pattern: "/signin", Anonymous: true, Handler: f.showSignIn},
		{Method: "POST", Pattern: "/signin", Anonymous: true, Handler: f.signIn},
		{Method: "GET", Pattern: "/signin/help", Anonymous: true, Handler: f.showHelp},
		{Method: "GET", Pattern: "/recover", Anonymous: true, Handler: f.showRecover},
		{Method: "POST", Pattern: "/recover", Anonymous: true, Handler: f.startRecover},
		{Method: "GET", Pattern: "/recover/code", Anonymous: true, Handler: f.showRecoverCode},
		{Method: "POST", Pattern: "/recover/code", Anonymous: true, Handler: f.finishRecover},
		{Method: "POST", Pattern: "/signout", Anonymous: true, Viewing: true, Handler: f.signOut},
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
		{Method: "GET", Pattern: "/me/phone", Permission: access.AccountSelf, Object: "account", Handler: f.showPhone},
		{Method: "POST", Pattern: "/me/phone", Permission: access.AccountSelf, Object: "account", Handler: f.askPhone},
		{Method: "GET", Pattern: "/me/phone/code", Permission: access.AccountSelf, Object: "account", Handler: f.showPhoneCode},
		{Method: "POST", Pattern: "/me/phone/code", Permission: access.AccountSelf, Object: "account", Handler: f.confirmPhone},
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
	}...)
}

// factorRoutes lists the pages of second factors, of the policy and of those who
// look after the accounts of others.
func (f *Face) factorRoutes() []web.Route {
	out := []web.Route{
		{Method: "GET", Pattern: "/signin/factor", Anonymous: true, Handler: f.showFactor},
		{Method: "POST", Pattern: "/signin/factor", Anonymous: true, Handler: f.takeFactor},
		{Method: "GET", Pattern: "/signin/enrol", Anonymous: true, Handler: f.showEnrol},
		{Method: "POST", Pattern: "/signin/enrol", Anonymous: true, Handler: f.takeEnrol},
		{Method: "GET", Pattern: "/signin/password", Anonymous: true, Handler: f.showNewPassword},
		{Method: "POST", Pattern: "/signin/password", Anonymous: true, Handler: f.takeNewPassword},
		{Method: "POST", Pattern: "/signin/passkey/begin", Anonymous: true, Handler: f.beginPasskey},
		{Method: "POST", Pattern: "/signin/passkey", Anonymous: true, Handler: f.takePasskey},
		{Method: "POST", Pattern: "/signin/factor/passkey/begin", Anonymous: true, Handler: f.beginHalfPasskey},
		{Method: "POST", Pattern: "/signin/factor/passkey", Anonymous: true, Handler: f.takeHalfPasskey},
		{Method: "POST", Pattern: "/signin/enrol/passkey/begin", Anonymous: true, Handler: f.beginEnrolPasskey},
		{Method: "POST", Pattern: "/signin/enrol/passkey", Anonymous: true, Handler: f.takeEnrolPasskey},
		{Method: "GET", Pattern: "/me/security", Permission: access.AccountSelf, Object: "account", Handler: f.showSecurity},
		{Method: "POST", Pattern: "/me/security/fresh", Permission: access.AccountSelf, Object: "account", Handler: f.confirmFresh},
		{Method: "POST", Pattern: "/me/security/fresh/passkey/begin", Permission: access.AccountSelf, Object: "account", Handler: f.beginFreshPasskey},
		{Method: "POST", Pattern: "/me/security/fresh/passkey", Permission: access.AccountSelf, Object: "account", Handler: f.takeFreshPasskey},
		{Method: "POST", Pattern: "/me/security/app", Permission: access.AccountSelf, Object: "account", Handler: f.addApp},
		{Method: "POST", Pattern: "/me/security/app/remove", Permission: access.AccountSelf, Object: "account", Handler: f.removeApp},
		{Method: "POST", Pattern: "/me/security/codes", Permission: access.AccountSelf, Object: "account", Handler: f.newCodes},
		{Method: "POST", Pattern: "/me/security/passkey/begin", Permission: access.AccountSelf, Object: "account", Handler: f.beginNewPasskey},
		{Method: "POST", Pattern: "/me/security/passkey", Permission: access.AccountSelf, Object: "account", Handler: f.addPasskey},
		{Method: "POST", Pattern: "/me/security/passkey/remove", Permission: access.AccountSelf, Object: "account", Handler: f.removePasskey},
		{Method: "GET", Pattern: "/accounts", Permission: access.SessionEndOther, Object: "account", Handler: f.findEntrance},
		{Method: "GET", Pattern: "/accounts/policy", Permission: access.PolicySet, Object: "policy", Handler: f.showPolicy},
		{Method: "POST", Pattern: "/accounts/policy", Permission: access.PolicySet, Object: "policy", Handler: f.setPolicy},
		{Method: "GET", Pattern: "/people/{person}/signin", Permission: access.SessionEndOther, Object: "person", Handler: f.showEntrance},
		{Method: "POST", Pattern: "/people/{person}/sessions/end", Permission: access.SessionEndOther, Object: "person", Handler: f.endSessionsOf},
		{Method: "POST", Pattern: "/people/{person}/factor/reset", Permission: access.FactorReset, Object: "person", Handler: f.resetFactor},
		{Method: "GET", Pattern: "/viewas", Permission: access.ViewAs, Object: "person", Handler: f.showViewAs},
		{Method: "POST", Pattern: "/viewas", Permission: access.ViewAs, Object: "person", Handler: f.beginView},
		{Method: "POST", Pattern: "/viewas/end", Anonymous: true, Viewing: true, Handler: f.endView},
	}
	if f.codes != nil {
		out = append(out, web.Route{Method: "GET", Pattern: "/demo/codes", Anonymous: true, Handler: f.showCodes})
	}
	return out
}
