import { useState } from 'preact/hooks'
import type { DeviceRecord, Group } from '../api/types'
import { fromNanos } from '@shared/lib/format'
import { useLoad } from '@shared/lib/hooks'
import { groupName } from '../lib/names'
import { navigate, usePlace, withQuery } from '@shared/lib/router'
import { useSession } from '../lib/session'
import { failedStep, stateWords } from '../lib/story'
import { Badge, LiveBar, Loading, When } from '@shared/ui/feedback'
import { PageHead } from '@shared/ui/page'
import { Table, type Column } from '@shared/ui/table'
import { bounds, FilterBar, filtersOf, type Filters } from './devicefilters'

const every = 3000 // milliseconds between refreshes
const pageSize = 50

/** Devices lists provisioning records, latest change first; what it shows is in the address. */
export function Devices() {
  const { api } = useSession()
  const { query, state: history } = usePlace()
  const filters = filtersOf(query)
  const [live, setLive] = useState(true)
  const groups = useLoad((signal) => api.groups(signal), [])
  const { data, error, at, reload } = useLoad(
    (signal) =>
      api.records(
        {
          pageSize,
          pageToken: filters.page,
          search: filters.q,
          state: filters.state,
          enrollmentGroupIdFilter: filters.group,
          ...bounds(filters),
        },
        signal,
      ),
    [query.toString()],
    live ? every : 0,
  )
  const change = (to: Partial<Filters>): void => navigate(withQuery('/devices', { ...filters, page: '', ...to }), { replace: true })
  const trail = trailOf(history)
  const filtered = Object.entries(filters).some(([name, value]) => value && name !== 'page')
  return (
    <>
      <PageHead
        title="Devices"
        actions={<LiveBar live={live} setLive={setLive} at={at} error={data ? error : undefined} every={every} />}
      />
      <FilterBar filters={filters} groups={groups.data ?? []} change={change} filtered={filtered} />
      {!data ? (
        <Loading error={error} retry={reload} what="The devices" />
      ) : data.items.length === 0 && !data.nextPageToken ? (
        <Nothing filtered={filtered} />
      ) : (
        <List records={data.items} groups={groups.data ?? []} />
      )}
      {data && (data.nextPageToken || filters.page) && (
        <nav class="pager" aria-label="Pages">
          <button
            type="button"
            class="button"
            disabled={!filters.page}
            onClick={() =>
              navigate(withQuery('/devices', { ...filters, page: trail.at(-1) ?? '' }), { state: { trail: trail.slice(0, -1) } })
            }
          >
            Newer
          </button>
          <button
            type="button"
            class="button"
            disabled={!data.nextPageToken}
            onClick={() =>
              navigate(withQuery('/devices', { ...filters, page: data.nextPageToken }), { state: { trail: [...trail, filters.page] } })
            }
          >
            Older
          </button>
        </nav>
      )}
    </>
  )
}

/** trailOf gives the tokens of the pages before this one. */
function trailOf(state: unknown): string[] {
  const trail = (state as { trail?: unknown } | null)?.trail
  return Array.isArray(trail) ? trail.filter((t): t is string => typeof t === 'string') : []
}

function Nothing({ filtered }: { filtered: boolean }) {
  return (
    <p class="empty">
      {filtered ? 'No device matches. Change or clear the filters.' : 'No device has come yet. It appears here by itself when one does.'}
    </p>
  )
}

function List({ records, groups }: { records: DeviceRecord[]; groups: Group[] }) {
  const names = new Map(groups.map((g) => [g.id, groupName(g)]))
  const columns: Column<DeviceRecord>[] = [
    {
      head: 'Device',
      kind: 'main',
      cell: (r) => (
        <a class="device-link" href={`/devices/${encodeURIComponent(r.id)}`}>
          <span class="mono">{r.deviceId || r.id}</span>
          <span class="muted">{r.attestation?.x509?.commonName || (r.deviceId ? '' : 'no device id yet')}</span>
        </a>
      ),
    },
    { head: 'State', cell: (r) => <StateCell record={r} /> },
    {
      head: 'Group',
      cell: (r) => names.get(r.enrollmentGroupId ?? '') ?? <span class="muted">{r.enrollmentGroupId ? 'deleted' : '–'}</span>,
    },
    { head: 'Changed', cell: (r) => <When at={fromNanos(r.updatedDate ?? r.creationDate)} brief /> },
  ]
  return <Table caption="Devices, latest change first" columns={columns} rows={records} id={(r) => r.id} />
}

function StateCell({ record }: { record: DeviceRecord }) {
  const state = record.state ?? 'pending'
  const failed = state === 'failed' ? failedStep(record) : undefined
  return (
    <>
      <Badge tone={state}>{stateWords[state]}</Badge>
      {failed && (
        <span class="muted">
          {' '}
          {failed.name}
          {failed.code ? `, ${failed.code}` : ''}
        </span>
      )}
    </>
  )
}
