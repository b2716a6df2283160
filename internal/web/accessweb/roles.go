package accessweb

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/i18n"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// rolesPage prints the table of permissions, by role and by permission.
type rolesPage struct {
	ui.Page
	roles       []roleLine
	permissions []permissionLine
}

// roleLine is what one role may do.
type roleLine struct {
	name, does, source string
	may                []string
}

// permissionLine is who holds one permission.
type permissionLine struct {
	words, code, who string
}

func (f *Face) showRoles(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	p := rolesPage{Page: ui.Page{Title: i18n.T(ctx, "access.roles.title"), Lead: i18n.T(ctx, "access.roles.lead"), Nav: "roles"}}
	for _, role := range access.Roles() {
		p.roles = append(p.roles, roleLineOf(ctx, role))
	}
	for _, perm := range access.AllPermissions() {
		p.permissions = append(p.permissions, permissionLine{words: words(ctx, perm), code: string(perm), who: holders(ctx, perm)})
	}
	return web.Render(w, r, http.StatusOK, rolesView(p))
}

// everybody reports whether each signed-in role holds the permission.
func everybody(p access.Permission) bool {
	return !slices.ContainsFunc(access.Roles(), func(r access.Role) bool { return !access.Has(r, p) })
}

func roleLineOf(ctx context.Context, role access.Role) roleLine {
	line := roleLine{name: roleName(ctx, role), does: i18n.T(ctx, "org.role_does."+string(role)), source: source(ctx, role)}
	for _, p := range access.Permissions(role) {
		if !everybody(p) {
			line.may = append(line.may, words(ctx, p))
		}
	}
	return line
}

// words says what a permission lets its holder do.
func words(ctx context.Context, p access.Permission) string {
	if key := "permission." + string(p); i18n.Has(key) {
		return i18n.T(ctx, key)
	}
	return string(p)
}

// source says where a role comes from.
func source(ctx context.Context, role access.Role) string {
	if role == access.Guardian {
		return i18n.T(ctx, "access.roles.from_guardian")
	}
	if access.InClass(role) {
		return i18n.T(ctx, "access.roles.from_roster")
	}
	var givers []string
	for _, r := range access.Roles() {
		giver := access.Actor{Person: 1, Role: r}
		if giver.MayGive(role) {
			givers = append(givers, roleName(ctx, r))
		}
	}
	if len(givers) == 0 {
		return i18n.T(ctx, "access.roles.from_command")
	}
	return i18n.T(ctx, "access.roles.from_grant", strings.Join(givers, i18n.T(ctx, "access.comma")))
}

// holders names the roles that hold a permission.
func holders(ctx context.Context, p access.Permission) string {
	if everybody(p) {
		return i18n.T(ctx, "access.roles.everybody")
	}
	var all []string
	for _, r := range access.Roles() {
		if access.Has(r, p) {
			all = append(all, roleName(ctx, r))
		}
	}
	return strings.Join(all, i18n.T(ctx, "access.comma"))
}
