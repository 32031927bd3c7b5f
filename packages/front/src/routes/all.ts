/** Every route of the front. */
import type { Deps } from "../Deps.ts"
import type { Route } from "../http/Route.ts"
import * as Absent from "./absent.ts"
import * as AdminAccounts from "./adminAccounts.ts"
import * as AdminReports from "./adminReports.ts"
import * as Accounts from "./accounts.ts"
import * as AccountStatuses from "./accountStatuses.ts"
import * as Apps from "./apps.ts"
import * as Authorize from "./authorize.ts"
import * as Health from "./health.ts"
import * as Instance from "./instance.ts"
import * as Conversations from "./conversations.ts"
import * as Kept from "./kept.ts"
import * as Media from "./media.ts"
import * as MediaObjects from "./mediaObjects.ts"
import * as Markers from "./markers.ts"
import * as NotificationGroups from "./notificationGroups.ts"
import * as NotificationPolicy from "./notificationPolicy.ts"
import * as Notifications from "./notifications.ts"
import * as OAuth from "./oauth.ts"
import * as OpenApi from "./openApi.ts"
import * as Posts from "./posts.ts"
import * as Presence from "./presence.ts"
import * as Profile from "./profile.ts"
import * as RelationLists from "./relationLists.ts"
import * as Relationships from "./relationships.ts"
import * as Reports from "./reports.ts"
import * as Search from "./search.ts"
import * as SignUp from "./signUp.ts"
import * as StatusActions from "./statusActions.ts"
import * as StatusDetails from "./statusDetails.ts"
import * as Statuses from "./statuses.ts"
import * as Timelines from "./timelines.ts"
import * as Topics from "./topics.ts"
import * as Trends from "./trends.ts"
import * as Welcome from "./welcome.ts"
import * as WellKnown from "./wellKnown.ts"

const api = (deps: Deps): ReadonlyArray<Route> =>
  [
    Apps,
    OAuth,
    Authorize,
    SignUp,
    Profile,
    Accounts,
    AccountStatuses,
    Relationships,
    RelationLists,
    Statuses,
    Media,
    MediaObjects,
    StatusActions,
    StatusDetails,
    Kept,
    Posts,
    Topics,
    Search,
    Trends,
    Conversations,
    Timelines,
    Notifications,
    NotificationGroups,
    NotificationPolicy,
    Markers,
    Presence,
    Reports,
    AdminReports,
    AdminAccounts,
    Instance,
    Welcome,
    WellKnown,
    Health
  ].flatMap((module) => module.routes(deps)).concat(Absent.routes)

export const routes = (deps: Deps): ReadonlyArray<Route> => {
  const described = api(deps)
  return [...described, ...OpenApi.routes(deps.settings, described)]
}
