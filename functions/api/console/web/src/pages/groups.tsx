import type { Group } from '../api/types'
import { useLoad } from '@shared/lib/hooks'
import { groupName, hubName } from '../lib/names'
import { useSession } from '../lib/session'
import { Badge, Loading } from '@shared/ui/feedback'
import { Icon } from '@shared/ui/icons'
import { PageHead } from '@shared/ui/page'
import { Table, type Column } from '@shared/ui/table'

/** GroupBadge says whether a group's devices get in. */
export function GroupBadge({ group }: { group: Group }) {
  if (group.disabled) return <Badge tone="plain">Disabled</Badge>
  if (group.pending) return <Badge tone="warning">Pending proof</Badge>
  return <Badge tone="ok">Enabled</Badge>
}

/** Groups lists enrollment groups. */
export function Groups() {
  const { api, canWrite } = useSession()
  const { data, error, reload } = useLoad((signal) => api.groups(signal), [])
  const hubs = useLoad((signal) => api.hubs(signal), [])
  const names = new Map(
    (hubs.data ?? []).flatMap((h): [string, string][] => [
      [h.hubId ?? '', hubName(h)],
      [h.id, hubName(h)],
    ]),
  )
  const columns: Column<Group>[] = [
    {
      head: 'Name',
      kind: 'main',
      cell: (g) => (
        <a class="device-link" href={`/groups/${encodeURIComponent(g.id)}`}>
          <span>{groupName(g)}</span>
          <span class="muted mono">{g.name ? g.id : ''}</span>
        </a>
      ),
    },
    { head: 'State', cell: (g) => <GroupBadge group={g} /> },
    {
      head: 'Lead certificate',
      cell: (g) => g.attestationMechanism?.x509?.leadCertificateName || <span class="muted">first of the chain</span>,
    },
    { head: 'Hubs', cell: (g) => (g.hubIds ?? []).map((id) => names.get(id) ?? id).join(', ') },
    {
      head: 'Devices',
      cell: (g) => (
        <a href={`/devices?group=${encodeURIComponent(g.id)}`} aria-label={`Show devices of ${groupName(g)}`}>
          Show devices
        </a>
      ),
    },
  ]
  return (
    <>
      <PageHead
        title="Enrollment groups"
        actions={
          canWrite && (
            <a class="button primary" href="/groups/new">
              <Icon name="plus" />
              Create a group
            </a>
          )
        }
      >
        Which devices get in, by who made them, and where they go.
      </PageHead>
      {!data ? (
        <Loading error={error} retry={reload} what="The enrollment groups" />
      ) : data.length === 0 ? (
        <p class="empty">
          There is none yet, so no device gets in.
          {canWrite && (
            <>
              {' '}
              <a href="/groups/new">Create the first group</a>
            </>
          )}
        </p>
      ) : (
        <Table caption="Enrollment groups" columns={columns} rows={data} id={(g) => g.id} />
      )}
    </>
  )
}
