import type { Certificate } from '../api/types'
import { formatDay, fromRFC3339, hexPairs } from '@shared/lib/format'
import { Badge, Notice } from '@shared/ui/feedback'
import { Facts } from '@shared/ui/page'

/** nameOf is what people call a certificate. */
export const nameOf = (c: Certificate): string => c.commonName || c.subject || 'without a name'

/** Validity says from when to when, and whether that is now. */
export function Validity({ c }: { c: Certificate }) {
  const from = fromRFC3339(c.notBefore)
  const to = fromRFC3339(c.notAfter)
  const now = new Date()
  const over = to !== undefined && to < now
  const early = from !== undefined && from > now
  return (
    <>
      {from && formatDay(from)} to {to && formatDay(to)}
      {over && (
        <>
          {' '}
          <Badge tone="failed">expired</Badge>
        </>
      )}
      {early && (
        <>
          {' '}
          <Badge tone="warning">not yet valid</Badge>
        </>
      )}
    </>
  )
}

/** CertificateFacts is what one certificate says. */
export function CertificateFacts({ c }: { c: Certificate }) {
  return (
    <Facts
      items={[
        ['Subject', c.subject],
        ['Issuer', c.selfSigned ? `${c.issuer ?? ''} (itself)` : c.issuer],
        ['Valid', <Validity c={c} />],
        ['Key', c.keyAlgorithm],
        ['Serial', c.serial && <code>{hexPairs(c.serial)}</code>],
        ['SHA-256', c.sha256 && <code class="wrap">{hexPairs(c.sha256)}</code>],
      ]}
    />
  )
}

interface ChainProps {
  certificates: Certificate[]
  lead: string
  onLead?: (commonName: string, index: number) => void
  problem?: string
}

/** Chain shows an enrollment group's certificates, and which of them leads; with onLead it can be chosen. */
export function Chain({ certificates, lead, onLead, problem }: ChainProps) {
  const named = certificates.findIndex((c) => c.commonName === lead)
  const leading = lead && named >= 0 ? named : 0
  const rows = certificates.map((c, i) => {
    const issuer = certificates[c.issuedBy ?? 0]
    const signed = c.selfSigned
      ? 'Self-signed root'
      : (c.issuedBy ?? 0) >= 0 && issuer && issuer !== c
        ? `Signed by ${nameOf(issuer)}`
        : `Signed by ${c.issuer ?? 'somebody'}, which is not in this chain`
    return (
      <li key={`${i}-${c.sha256 ?? ''}`} class={c.problem ? 'cert bad' : i === leading ? 'cert leading' : 'cert'}>
        <div class="cert-head">
          {onLead ? (
            <label>
              <input type="radio" name="lead" checked={i === leading} onInput={() => onLead(c.commonName ?? '', i)} />
              <strong>{nameOf(c)}</strong>
            </label>
          ) : (
            <strong>{nameOf(c)}</strong>
          )}
          {i === leading && <Badge tone="ok">lead certificate</Badge>}
        </div>
        <p class="hint">{signed}</p>
        {c.problem && (
          <Notice tone="failed">
            <p>This certificate cannot be used: {c.problem}</p>
          </Notice>
        )}
        <details>
          <summary>Details</summary>
          <CertificateFacts c={c} />
        </details>
      </li>
    )
  })
  return (
    <>
      {problem && !certificates.some((c) => c.problem) && (
        <Notice tone="failed" alert>
          <p>{problem}</p>
        </Notice>
      )}
      {onLead ? (
        <fieldset class="plain">
          <legend>Lead certificate: devices whose certificates lead back to it belong to this group</legend>
          <ul class="chain">{rows}</ul>
        </fieldset>
      ) : (
        <ul class="chain">{rows}</ul>
      )}
    </>
  )
}
