/**
 * What the errors in records mean, and what to do about them. The messages are those of the service: ingress/provisioning,
 * functions/sign, functions/token, and the clients of OAuth server and certificate authority. The first rule that fits wins, so the
 * particular ones stand before the general ones.
 */

/** Advice is what an error means, and what to do about it. */
export interface Advice {
  /** What happened, in a sentence or two. */
  meaning: string
  /** What to do, in the order to try. */
  todo: string[]
  /** Where that is done. */
  where: 'device' | 'group' | 'hub' | 'service'
  /** Releasing the device id may be the answer. */
  release?: boolean
}

interface Rule {
  when: RegExp
  advice: Advice
}

const rule = (when: RegExp, where: Advice['where'], meaning: string, ...todo: string[]): Rule => ({
  when,
  advice: { meaning, todo, where },
})

const test = 'Open the hub and test its connection: it says what is answered.'
const firmware = 'Compare what the device sends with the protocol: this is decided in its firmware.'

/** Who the device is. */
const identity: Rule[] = [
  {
    when: /belongs to another manufacturer key/,
    advice: {
      meaning:
        'The device asked for a device id that another manufacturer key already holds. Either its board, and so its key, was replaced, or two devices were made with one id.',
      todo: [
        'See below which record holds the device id now, and find that device.',
        'After a repair that changed the board: release the device id; then restart the device, and it takes it.',
        'If nobody repaired anything, treat it as an attempt to pass for another device: deny its key in the enrollment group.',
      ],
      where: 'group',
      release: true,
    },
  },
  rule(
    /does not let the device come again/,
    'group',
    'The device was provisioned before, and its enrollment group does not let devices come again, or not under another device id.',
    'If it was reset on purpose, delete this record; then restart the device, and it is taken for a new one.',
    'To let all devices of the group come again, edit the group: “Provisioning again”.',
  ),
  rule(
    /no longer admitted: group_(?:disabled|pending)|group is disabled/,
    'group',
    'The enrollment group was closed while the device was under way.',
    'Enable the enrollment group, or prove its lead certificate; then restart the device.',
  ),
  rule(
    /no longer admitted: (?:denied|not_allowed)/,
    'group',
    'The enrollment group’s allow and deny lists keep this device out.',
    'If that is not meant so, edit the lists in the enrollment group.',
  ),
  rule(
    /no longer admitted: revoked/,
    'group',
    'The device’s manufacturer certificate, or an authority’s above it, is on a revocation list.',
    'If that is right, take the device out of service.',
    'If not, ask the authority that issued the list.',
  ),
  rule(
    /no longer admitted: crl_unusable|revocation list/,
    'group',
    'A revocation list of the enrollment group is missing, too old or not signed by its authority. Until there is a good one, nobody below that authority gets in.',
    'See that the list’s address answers, and that the list is renewed in time.',
    'Or upload the list in the enrollment group.',
  ),
  rule(
    /no longer admitted: (?:expired|not_yet_valid)/,
    'group',
    'A certificate is outside its validity period.',
    'Look at the manufacturer certificate above: is it the device’s own that has expired? Then the enrollment group can forgive that.',
    'If it is an authority’s, add its renewed certificate to the group.',
  ),
  rule(
    /no longer admitted/,
    'group',
    'The manufacturer certificate got in at first, and was refused on a later step: the enrollment group was changed or deleted meanwhile.',
    'Look at the enrollment group: is it there, with the right certificates?',
    'If that was on purpose, nothing is wrong.',
  ),
]

/** What the operators have set up. */
const setup: Rule[] = [
  rule(
    /enrollment group .*does not exist|the enrollment group has no hub with a gateway/,
    'group',
    'The enrollment group is gone, or names no hub that has a gateway.',
    'Open the enrollment group and choose a hub with at least one gateway.',
  ),
  rule(
    /preSharedKey of the enrollment group/,
    'group',
    'The enrollment group’s pre-shared key cannot be used: it cannot be read, or it is not 16 bytes of text.',
    'Edit the enrollment group and enter the pre-shared key again: exactly 16 characters.',
    'If it was put there by hand, see that the service may read that secret.',
  ),
  rule(
    /answer has \d+ bytes/,
    'group',
    'The answer is longer than the device can take.',
    'Name fewer hubs in the enrollment group, or fewer gateways and authorities in its hubs.',
  ),
  rule(
    /^hub .*(?:no gateway|no authorization provider name|does not exist)|hub id .* is not a UUID/,
    'hub',
    'The hub’s entry is gone or incomplete, so that devices cannot be told where to go.',
    'Open the hub and fill in hub id, gateways and the provider’s name.',
  ),
]

/** The hub's certificate authority. */
const authority: Rule[] = [
  rule(
    /calls the certificate signing request invalid/,
    'hub',
    'The hub’s certificate authority does not accept the device’s signing request.',
    'Look at the certificate authority’s own log for the reason: its rules for subjects and keys.',
    firmware,
  ),
  rule(
    /certificate authority.*(?:access token|let the access token)/,
    'hub',
    'The hub’s certificate authority does not accept the access token.',
    test,
    'See that the authority trusts the same OAuth server, and looks for the owner in the same claim as the hub’s entry says.',
  ),
  rule(
    /certificate authority.*(?:TLS|client certificate|hangs up)|certificateAuthority\.grpc\.tls/,
    'hub',
    'This service and the hub’s certificate authority do not trust each other.',
    test,
    'Look at the client certificate in the hub: has it expired, does the authority accept its issuer? If so, upload a new one with its key.',
    'See that the authorities to trust include the one that issued the certificate authority’s own certificate.',
  ),
  rule(
    /certificate ?authority/i,
    'hub',
    'The hub’s certificate authority gave no identity certificate.',
    test,
    'See that its address is right and that it runs.',
  ),
]

/** The hub's OAuth server. */
const oauth: Rule[] = [
  rule(
    /refuses to give a token|invalid_client|unauthorized_client|invalid_scope|invalid_grant/,
    'hub',
    'The OAuth server refused the hub’s client.',
    test,
    'Compare client id, scopes and audience with the OAuth server’s own settings, and enter the client secret again if in doubt.',
    'See that the client may use the grant “client credentials” there.',
  ),
  rule(
    /clientSecret: the secret cannot be read/,
    'hub',
    'The hub’s client secret cannot be read.',
    'Edit the hub and enter the client secret again.',
    'If it was put there by hand, see that the service may read that secret.',
  ),
  rule(
    /OAuth server's certificate is not trusted/,
    'hub',
    'The OAuth server’s certificate is not trusted.',
    'Edit the hub: under “TLS to the OAuth server”, add the authority that issued its certificate.',
  ),
  rule(
    /OAuth server|discovery document|access token|token response|token function|provider\.authority|no token/,
    'hub',
    'No access token could be had for the device: the hub’s OAuth server did not give one.',
    test,
    'See that the OAuth server runs and can be reached from the service.',
  ),
]

/** What the device sends, and how much there is to do. */
const traffic: Rule[] = [
  rule(
    /^csr[:. ]|signing request/,
    'device',
    'The device’s certificate signing request is not as the protocol has it: a P-256 key, signed with SHA-256, with the device id as its only subject.',
    firmware,
    'If one model fails and others do not, its last update is the first suspect.',
  ),
  rule(
    /di is not a UUID|deviceId: is not|method is|content format|^body |breaks the protocol/,
    'device',
    'The device sent something that the protocol does not have in this step.',
    firmware,
    'See that it is made for this version of the protocol.',
  ),
  rule(
    /taskQueue|too much to do|too many|no time was left/,
    'service',
    'More devices came at once than could be served in time.',
    'Wait: devices come again on their own, spread out.',
    'If it lasts, raise taskQueue.goPoolSize and taskQueue.size, or run more instances.',
  ),
]

export const rules: Rule[] = [...identity, ...setup, ...authority, ...oauth, ...traffic]
