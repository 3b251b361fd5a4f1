import { useEffect, useState } from 'preact/hooks'
import type { DeviceRecord, Group } from '../api/types'
import { fromNanos } from '../lib/format'
import { useLoad, useSettled } from '../lib/hooks'
import { groupName } from '../lib/names'
import { navigate, usePlace, withQuery } from '../lib/router'
import { useSession } from '../lib/session'
import { failedStep, stateWords } from '../lib/story'
import { SelectField, TextField } from '../ui/field'
import { Badge, LiveBar, Loading, When } from '../ui/feedback'
import { PageHead } from '../ui/page'
import { Table, type Column } from '../ui/table'

const every = 3000 // milliseconds between refreshes
const pageSize = 50

const spans: Record<string, number> = { '1h': 3600, '24h': 86_400, '7d': 604_800 }

/** Filters are what the address says about which devices are shown. */
interface Filters { q: string; state: string; group: string; since: string; from: string; to: string; page: string }

function filtersOf(query: URLSearchParams): Filters {
  const get = (name: string): string => query.get(name) ?? ''
  return { q: get('q'), state: get('state'), group: get('group'), since: get('since'), from: get('from'), to: get('to'), page: get('page') }
}

/** bounds turns a time filter into what the API takes. */
function bounds(f: Filters): { updatedAfter?: string; updatedBefore?: string } {
  const seconds = spans[f.since]
  if (seconds) return { updatedAfter: new Date(Date.now() - seconds * 1000).toISOString() }
  if (f.since !== 'range') return {}
  const time = (text: string): string => (text && !Number.isNaN(Date.parse(text)) ? new Date(text).toISOString() : '')
  return { updatedAfter: time(f.from), updatedBefore: time(f.to) }
}

/** Devices lists provisioning records, latest change first; what it shows is in the address. */
export function Devices() {
  const { api } = useSession()
  const { query, state: history } = usePlace()
  const filters = filtersOf(query)
  const [live, setLive] = useState(true)
  const groups = useLoad((signal) => api.groups(signal), [])
  const { data, error, at, reload } = useLoad(
    (signal) => api.records({ pageSize, pageToken: filters.page, search: filters.q, state: filters.state, enrollmentGroupIdFilter: filters.group, ...bounds(filters) }, signal),
    [query.toString()], live ? every : 0,
  )
  const change = (to: Partial<Filters>): void => navigate(withQuery('/devices', { ...filters, page: '', ...to }), { replace: true })
  const trail = trailOf(history)
  const filtered = Object.entries(filters).some(([name, value]) => value && name !== 'page')
  return (
    <>
      <PageHead title="Devices" actions={<LiveBar live={live} setLive={setLive} at={at} error={data ? error : undefined} every={every} />} />
      <FilterBar filters={filters} groups={groups.data ?? []} change={change} filtered={filtered} />
      {!data ? <Loading error={error} retry={reload} what="The devices" />
      : data.items.length === 0 && !data.nextPageToken ? <Nothing filtered={filtered} />
      : <List records={data.items} groups={groups.data ?? []} />}
      {data && (data.nextPageToken || filters.page) && (
        <nav class="pager" aria-label="Pages">
          <button type="button" class="button" disabled={!filters.page} onClick={() => navigate(withQuery('/devices', { ...filters, page: trail.at(-1) ?? '' }), { state: { trail: trail.slice(0, -1) } })}>Newer</button>
          <button type="button" class="button" disabled={!data.nextPageToken} onClick={() => navigate(withQuery('/devices', { ...filters, page: data.nextPageToken }), { state: { trail: [...trail, filters.page] } })}>Older</button>
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

interface BarProps { filters: Filters; groups: Group[]; change: (to: Partial<Filters>) => void; filtered: boolean }

function FilterBar({ filters, groups, change, filtered }: BarProps) {
  const [typed, setTyped] = useState(filters.q)
  const settled = useSettled(typed, 250)
  useEffect(() => {
    if (settled !== filters.q) change({ q: settled })
  }, [settled])
  const reset = (): void => {
    setTyped('')
    navigate('/devices', { replace: true })
  }
  return (
    <form class="filters" role="search" aria-label="Devices" onSubmit={(e) => e.preventDefault()}>
      <TextField label="Search" type="search" value={typed} onInput={setTyped} placeholder="Device id, record id or name" maxLength={128} />
      <SelectField label="State" value={filters.state} onInput={(state) => change({ state })} options={[['', 'Any'], ['ok', stateWords.ok], ['pending', stateWords.pending], ['failed', stateWords.failed]]} />
      <SelectField label="Group" value={filters.group} onInput={(group) => change({ group })} options={groupOptions(groups, filters.group)} />
      <SelectField label="Changed" value={filters.since} onInput={(since) => change({ since, from: '', to: '' })} options={[['', 'Any time'], ['1h', 'In the last hour'], ['24h', 'In the last 24 hours'], ['7d', 'In the last 7 days'], ['range', 'Between …']]} />
      {filters.since === 'range' && (
        <>
          <TextField label="From" type="datetime-local" value={filters.from} onInput={(from) => change({ from })} />
          <TextField label="Before" type="datetime-local" value={filters.to} onInput={(to) => change({ to })} />
        </>
      )}
      {filtered && <button type="button" class="button quiet" onClick={reset}>Clear filters</button>}
    </form>
  )
}

function groupOptions(groups: Group[], chosen: string): [string, string][] {
  const options: [string, string][] = [['', 'Any'], ...groups.map((g): [string, string] => [g.id, groupName(g)])]
  return chosen && !groups.some((g) => g.id === chosen) ? [...options, [chosen, `${chosen} (deleted)`]] : options
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
    { head: 'Device', kind: 'main', cell: (r) => (
      <a class="device-link" href={`/devices/${encodeURIComponent(r.id)}`}>
        <span class="mono">{r.deviceId || r.id}</span>
        <span class="muted">{r.attestation?.x509?.commonName || (r.deviceId ? '' : 'no device id yet')}</span>
      </a>
    ) },
    { head: 'State', cell: (r) => <StateCell record={r} /> },
    { head: 'Group', cell: (r) => names.get(r.enrollmentGroupId ?? '') ?? <span class="muted">{r.enrollmentGroupId ? 'deleted' : '–'}</span> },
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
      {failed && <span class="muted"> {failed.name}{failed.code ? `, ${failed.code}` : ''}</span>}
    </>
  )
}
