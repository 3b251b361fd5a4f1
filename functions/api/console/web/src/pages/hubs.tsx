import type { Hub } from '../api/types'
import { useLoad } from '@shared/lib/hooks'
import { hubName } from '../lib/names'
import { useSession } from '../lib/session'
import { Loading } from '@shared/ui/feedback'
import { Icon } from '@shared/ui/icons'
import { PageHead } from '@shared/ui/page'
import { Table, type Column } from '@shared/ui/table'

/** Hubs lists where devices go. */
export function Hubs() {
  const { api, canWrite } = useSession()
  const { data, error, reload } = useLoad((signal) => api.hubs(signal), [])
  const columns: Column<Hub>[] = [
    {
      head: 'Name',
      kind: 'main',
      cell: (h) => (
        <a class="device-link" href={`/hubs/${encodeURIComponent(h.id)}`}>
          <span>{hubName(h)}</span>
          <span class="muted mono">{h.hubId}</span>
        </a>
      ),
    },
    { head: 'Gateways', cell: (h) => <span class="mono wrap">{(h.gateways ?? []).join(', ')}</span> },
    { head: 'Certificate authority', cell: (h) => <span class="mono wrap">{h.certificateAuthority?.grpc?.address}</span> },
    { head: 'OAuth server', cell: (h) => <span class="mono wrap">{h.authorization?.provider?.authority}</span> },
  ]
  return (
    <>
      <PageHead
        title="Hubs"
        actions={
          canWrite && (
            <a class="button primary" href="/hubs/new">
              <Icon name="plus" />
              Create a hub
            </a>
          )
        }
      >
        Where devices go once they are provisioned.
      </PageHead>
      {!data ? (
        <Loading error={error} retry={reload} what="The hubs" />
      ) : data.length === 0 ? (
        <p class="empty">
          There is none yet.
          {canWrite && (
            <>
              {' '}
              <a href="/hubs/new">Create the first hub</a>
            </>
          )}
        </p>
      ) : (
        <Table caption="Hubs" columns={columns} rows={data} id={(h) => h.id} />
      )}
    </>
  )
}
