import { useEffect, useRef, useState } from 'preact/hooks'
import type { Statistics } from '../api/types'
import { formatCount } from '@shared/lib/format'
import { useLoad } from '@shared/lib/hooks'
import { lastDays, lastHour, total } from '../lib/series'
import { useSession } from '../lib/session'
import { stateWords } from '../lib/story'
import { Bars } from '../ui/chart'
import { LiveBar, Loading } from '@shared/ui/feedback'
import { Icon } from '@shared/ui/icons'
import { PageHead, Section } from '@shared/ui/page'
import { ByGroup, LastErrors } from './homelists'
import { FirstSteps } from './firststeps'

const every = 3000 // milliseconds between refreshes

/** Home tells at a glance whether devices are getting in. */
export function Home() {
  const { api } = useSession()
  const [live, setLive] = useState(true)
  const { data, error, at, reload } = useLoad((signal) => api.statistics(signal), [], live ? every : 0)
  const groups = useLoad((signal) => api.groups(signal), [], live ? 10 * every : 0)
  const hubs = useLoad((signal) => api.hubs(signal), [], live ? 10 * every : 0)
  if (!data) {
    return (
      <>
        <PageHead title="Home" />
        <Loading error={error} retry={reload} what="The overview" />
      </>
    )
  }
  const all = total(data.total ? [data.total] : [])
  const nothing = all.ok + all.failed + all.pending === 0
  const now = new Date()
  return (
    <>
      <PageHead title="Home" actions={<LiveBar live={live} setLive={setLive} at={at} error={error} every={every} />} />
      {nothing && groups.data && hubs.data ? <FirstSteps groups={groups.data} hubs={hubs.data} /> : <Verdict statistics={data} now={now} />}
      <Tiles {...all} />
      {!nothing && (
        <>
          <Section title="Provisioning rate" id="rate" note="Devices by the time of their last change.">
            <div class="charts">
              <Bars title="Last hour" unit="minute" bars={lastHour(data.minutes ?? [], now)} />
              <Bars title="Last 14 days" unit="day" bars={lastDays(data.days ?? [], now)} />
            </div>
          </Section>
          <div class="columns">
            <LastErrors errors={data.lastErrors ?? []} />
            <ByGroup tallies={data.groups ?? []} groups={groups.data ?? []} />
          </div>
        </>
      )}
      <Changes {...all} />
    </>
  )
}

/** Verdict is the answer to the page's question, from the last hour. */
function Verdict({ statistics, now }: { statistics: Statistics; now: Date }) {
  const hour = total(lastHour(statistics.minutes ?? [], now).map((b) => b.tally))
  const [tone, text, more] =
    hour.ok + hour.failed + hour.pending === 0
      ? (['plain', 'No device came in the last hour', 'Nothing is wrong with that by itself.'] as const)
      : hour.failed === 0
        ? (['ok', 'Devices are getting in', `${formatCount(hour.ok)} provisioned in the last hour, none failed.`] as const)
        : hour.ok === 0
          ? (['failed', 'Devices are not getting in', `${formatCount(hour.failed)} failed in the last hour, none succeeded.`] as const)
          : ([
              'warning',
              'Some devices do not get in',
              `In the last hour ${formatCount(hour.ok)} were provisioned and ${formatCount(hour.failed)} failed.`,
            ] as const)
  const icon = ({ ok: 'ok', failed: 'failed', warning: 'warning', plain: 'pending' } as const)[tone]
  return (
    <div class={`verdict ${tone}`}>
      <span class="verdict-icon">
        <Icon name={icon} size={22} />
      </span>
      <div>
        <p class="verdict-text">{text}</p>
        <p class="muted">{more}</p>
      </div>
    </div>
  )
}

interface Counts {
  ok: number
  failed: number
  pending: number
}

function Tiles(counts: Counts) {
  const tiles = [
    ['ok', 'got all they need'],
    ['pending', 'not at the end yet, or gone quiet'],
    ['failed', 'their last step ended in an error'],
  ] as const
  return (
    <ul class="tiles" aria-label="Devices by state">
      {tiles.map(([state, note]) => (
        <li key={state} class={`tile ${state}`}>
          <a href={`/devices?state=${state}`}>
            <span class="tile-name">{stateWords[state]}</span>
            <span class="tile-count" data-testid={`count-${state}`}>
              {formatCount(counts[state])}
            </span>
            <span class="muted">{note}</span>
          </a>
        </li>
      ))}
    </ul>
  )
}

const quiet = 20_000 // milliseconds between announcements, so that they do not talk over everything else

/** Changes reads the counts out when they have changed, but rarely. */
function Changes({ ok, failed, pending }: Counts) {
  const text = `${stateWords.ok} ${ok}, ${stateWords.pending} ${pending}, ${stateWords.failed} ${failed}`
  const [said, setSaid] = useState('')
  const first = useRef(text)
  const last = useRef(0)
  useEffect(() => {
    if (text === first.current) return
    const timer = setTimeout(
      () => {
        last.current = Date.now()
        first.current = text
        setSaid(text)
      },
      Math.max(0, last.current + quiet - Date.now()),
    )
    return () => clearTimeout(timer)
  }, [text])
  return (
    <p class="hidden" role="status">
      {said}
    </p>
  )
}
