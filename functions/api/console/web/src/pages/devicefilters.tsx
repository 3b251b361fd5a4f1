import { useEffect, useState } from 'preact/hooks'
import type { Group } from '../api/types'
import { useSettled } from '@shared/lib/hooks'
import { groupName } from '../lib/names'
import { navigate } from '@shared/lib/router'
import { stateWords } from '../lib/story'
import { SelectField, TextField } from '@shared/ui/field'

const spans: Record<string, number> = { '1h': 3600, '24h': 86_400, '7d': 604_800 }

/** Filters are what the address says about which devices are shown. */
export interface Filters {
  q: string
  state: string
  group: string
  since: string
  from: string
  to: string
  page: string
}

/** filtersOf reads the address. */
export function filtersOf(query: URLSearchParams): Filters {
  const get = (name: string): string => query.get(name) ?? ''
  return { q: get('q'), state: get('state'), group: get('group'), since: get('since'), from: get('from'), to: get('to'), page: get('page') }
}

/** bounds turns a time filter into what the API takes. */
export function bounds(f: Filters): { updatedAfter?: string; updatedBefore?: string } {
  const seconds = spans[f.since]
  if (seconds) return { updatedAfter: new Date(Date.now() - seconds * 1000).toISOString() }
  if (f.since !== 'range') return {}
  const time = (text: string): string => (text && !Number.isNaN(Date.parse(text)) ? new Date(text).toISOString() : '')
  return { updatedAfter: time(f.from), updatedBefore: time(f.to) }
}

interface Props {
  filters: Filters
  groups: Group[]
  change: (to: Partial<Filters>) => void
  filtered: boolean
}

/** FilterBar changes the address, and so what is listed. */
export function FilterBar({ filters, groups, change, filtered }: Props) {
  const [typed, setTyped] = useState(filters.q)
  const settled = useSettled(typed, 250)
  useEffect(() => {
    if (settled !== filters.q) change({ q: settled })
  }, [settled])
  useEffect(() => {
    if (settled !== filters.q) setTyped(filters.q) // the address was changed by a link
  }, [filters.q])
  const reset = (): void => {
    setTyped('')
    navigate('/devices', { replace: true })
  }
  return (
    <form class="filters" role="search" aria-label="Devices" onSubmit={(e) => e.preventDefault()}>
      <TextField
        label="Search"
        type="search"
        value={typed}
        onInput={setTyped}
        placeholder="Device id, record id or name begins with"
        maxLength={128}
      />
      <SelectField
        label="State"
        value={filters.state}
        onInput={(state) => change({ state })}
        options={[
          ['', 'Any'],
          ['ok', stateWords.ok],
          ['pending', stateWords.pending],
          ['failed', stateWords.failed],
        ]}
      />
      <SelectField
        label="Group"
        value={filters.group}
        onInput={(group) => change({ group })}
        options={groupOptions(groups, filters.group)}
      />
      <SelectField
        label="Changed"
        value={filters.since}
        onInput={(since) => change({ since, from: '', to: '' })}
        options={[
          ['', 'Any time'],
          ['1h', 'In the last hour'],
          ['24h', 'In the last 24 hours'],
          ['7d', 'In the last 7 days'],
          ['range', 'Between …'],
        ]}
      />
      {filters.since === 'range' && (
        <>
          <TextField label="From" type="datetime-local" value={filters.from} onInput={(from) => change({ from })} />
          <TextField label="Before" type="datetime-local" value={filters.to} onInput={(to) => change({ to })} />
        </>
      )}
      {filtered && (
        <button type="button" class="button quiet" onClick={reset}>
          Clear filters
        </button>
      )}
    </form>
  )
}

function groupOptions(groups: Group[], chosen: string): [string, string][] {
  const options: [string, string][] = [['', 'Any'], ...groups.map((g): [string, string] => [g.id, groupName(g)])]
  return chosen && !groups.some((g) => g.id === chosen) ? [...options, [chosen, `${chosen} (deleted)`]] : options
}
