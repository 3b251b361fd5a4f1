import { useState } from 'preact/hooks'
import { fromRFC3339 } from '@shared/lib/format'
import { toText } from '@shared/lib/pem'
import { useAction } from '@shared/lib/hooks'
import { Failure, Notice, When } from '@shared/ui/feedback'
import { Copy } from '@shared/ui/files'
import { Facts, PageHead, Section } from '@shared/ui/page'
import type { Status } from '../api/types'
import { useSession } from '../lib/session'
import { standingOf } from '../lib/standing'
import { words, type WayName } from '../lib/ways'
import { Verdict } from '../ui/verdict'
import { Renew } from './renew'
import { Reset } from './reset'

/** Member says how it stands with a client that is somebody. */
export function Member({ status, way }: { status: Status; way: WayName }) {
  const [resetting, setResetting] = useState(false)
  const standing = standingOf(status, way)
  const retry = fromRFC3339(status.retryAt)
  return (
    <>
      <PageHead
        title="This client"
        actions={
          <button type="button" class="button danger" onClick={() => setResetting(true)}>
            Reset…
          </button>
        }
      />
      <Verdict tone={standing.tone} text={standing.text}>
        {standing.more && <p class="muted">{standing.more}</p>}
      </Verdict>
      {status.problem && (
        <Section title="The last attempt to renew did not work" id="problem">
          <Notice tone="warning">
            <p>{status.problem}</p>
            {retry && (
              <p>
                The client tries again: <When at={retry} />
              </p>
            )}
          </Notice>
        </Section>
      )}
      <Section title={words[way].name} id="way">
        <p>{words[way].means}</p>
        <p class="hint">{words[way].lost}</p>
      </Section>
      <Section title="Credentials" id="credentials">
        <Credentials status={status} />
        {status.identity && <Renew way={way} due={standing.tone !== 'ok'} />}
      </Section>
      <p class="next">
        <a class="button primary" href="/devices">
          See the devices
        </a>
      </p>
      {resetting && <Reset way={way} onClose={() => setResetting(false)} />}
    </>
  )
}

function Credentials({ status }: { status: Status }) {
  const { config } = useSession()
  const { identity } = status
  const remote = config.remoteProvisioning
  return (
    <Facts
      items={[
        ['Devices know it as', status.subjectId && <code class="wrap">{status.subjectId}</code>],
        ['Owner', status.owner],
        ['Certificate valid until', identity && <When at={fromRFC3339(identity.notAfter)} />],
        ['Valid from', identity && <When at={fromRFC3339(identity.notBefore)} />],
        ['Renewal', identity && <Renewal needsToken={identity.needsToken} at={fromRFC3339(identity.renewAt)} />],
        ['Kept, encrypted, in', <span class="wrap">{status.storage}</span>],
        ['Hub', remote.id],
        ['Hub’s gateway for devices', remote.coapGateway],
        ['Certificate', identity && <CopyCertificate />],
      ]}
    />
  )
}

function Renewal({ needsToken, at }: { needsToken: boolean; at: Date | undefined }) {
  if (needsToken) return <>It is due, and needs somebody to log in.</>
  return <When at={at} />
}

/** CopyCertificate puts the chain on the clipboard: it is public. */
function CopyCertificate() {
  const { api, say } = useSession()
  const [chain, setChain] = useState('')
  const { busy, error, run } = useAction()
  if (chain) return <Copy text={chain} what="the certificate" say={say} />
  return (
    <>
      <button
        type="button"
        class="button small"
        disabled={busy}
        onClick={() => void run(async () => setChain(toText(`data:;base64,${await api.certificate()}`)))}
      >
        Get it
      </button>
      <Failure error={error} />
    </>
  )
}
