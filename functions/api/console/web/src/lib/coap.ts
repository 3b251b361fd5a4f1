/** The names of RFC 7252 §12.1.2 and RFC 8132 for the codes that appear in records. */
const names: Record<string, string> = {
  '2.01': 'Created',
  '2.02': 'Deleted',
  '2.03': 'Valid',
  '2.04': 'Changed',
  '2.05': 'Content',
  '4.00': 'Bad Request',
  '4.01': 'Unauthorized',
  '4.02': 'Bad Option',
  '4.03': 'Forbidden',
  '4.04': 'Not Found',
  '4.05': 'Method Not Allowed',
  '4.06': 'Not Acceptable',
  '4.13': 'Request Entity Too Large',
  '4.15': 'Unsupported Content-Format',
  '5.00': 'Internal Server Error',
  '5.01': 'Not Implemented',
  '5.03': 'Service Unavailable',
  '5.04': 'Gateway Timeout',
}

/** dotted gives 69 as "2.05": the class is in the upper three bits; "" for 0, which is no code. */
export function dotted(code: number | undefined): string {
  return code ? `${code >> 5}.${String(code & 31).padStart(2, '0')}` : ''
}

/** named gives "2.05 Content". */
export function named(code: string): string {
  return code in names ? `${code} ${names[code]}` : code
}

/** isError tells whether the code says that the step failed. */
export const isError = (code: string): boolean => /^[45]\./.test(code)
