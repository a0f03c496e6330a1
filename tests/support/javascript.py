"""Where the language differs from JavaScript on purpose, said in JavaScript itself.

`PRELUDE` defines what generated code calls instead of JavaScript's own operators: each function is one of
the rules D1 to D8, or one that is marked ≠, and as narrow as the rule. A rule that makes an error of what
has a value in JavaScript throws; where the two cannot be compared, `Excluded` says by which rule.
"""

import math

__all__ = ["PRELUDE", "same"]

PRELUDE = r"""(() => {
class Excluded extends Error { constructor(rule) { super(rule); this.name = 'Excluded'; } }
const refuse = rule => { throw new TypeError(rule); };
const isObject = v => typeof v === 'object' && v !== null;
const isPlain = v => isObject(v) && !Array.isArray(v);

// D1: undefined is null
const nul = v => v === undefined ? null : v;
const d1 = v => Array.isArray(v) ? v.map(nul) : nul(v);

// D2: integers are exact; doubles are not beyond 2**53
const exact = (r, ...of) => of.every(Number.isInteger) && Math.abs(r) >= 2 ** 53 ? (() => { throw new Excluded('D2') })() : r;

// D3: arrays and objects are equal by value; null is undefined (D1)
const strict = (a, b) => {
  if (!isObject(a) || !isObject(b)) return nul(a) === nul(b);
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every(k => Object.hasOwn(b, k) && strict(a[k], b[k]));
};
const loose = (a, b) => isObject(a) || isObject(b) ? strict(a, b) : a == b;

// D6: null in arithmetic, ordering and as a name is an error; so are arrays and objects (section 3)
const num = v => {
  if (v == null) refuse('D6');
  if (isObject(v)) refuse('arrays and objects in arithmetic');
  const n = Number(v);
  return Number.isNaN(n) ? refuse('D7: text that is no number') : n;
};
const plus = v => v == null ? refuse('D6') : isObject(v) ? refuse('arrays and objects in arithmetic') : Number(v);
// D7: NaN and Infinity never leave
const fin = v => typeof v === 'number' && !Number.isFinite(v) ? refuse('D7') : v;

// D5: here keys that look like numbers stay where they are
const d5 = v => {
  if (!isObject(v)) return v;
  if (isPlain(v) && new Set(Object.keys(v).map(k => /^\d+$/.test(k))).size > 1) throw new Excluded('D5');
  Object.values(v).forEach(d5);
  return v;
};

// the rule of text: null is empty, arrays and objects are JSON
const text = v => v == null ? '' : isObject(v) ? JSON.stringify(d5(v)) : String(v);

const add = (a, b) => typeof a === 'string' || typeof b === 'string'
  ? text(a) + text(b) : exact(fin(num(a) + num(b)), num(a), num(b));
const operators = {
  '-': (a, b) => a - b, '*': (a, b) => a * b, '/': (a, b) => a / b, '%': (a, b) => a % b, '**': (a, b) => a ** b,
};
const arith = (operator, a, b) => {
  const r = fin(operators[operator](num(a), num(b)));
  return exact(r, num(a), num(b));
};
const orders = { '<': (a, b) => a < b, '<=': (a, b) => a <= b, '>': (a, b) => a > b, '>=': (a, b) => a >= b };
const order = (operator, a, b) => typeof a === 'string' && typeof b === 'string'
  ? orders[operator](a, b) : orders[operator](num(a), num(b));

// what is missing is null, at any depth; nothing inherited is a member
const name = k => k == null ? refuse('D6') : isObject(k) ? refuse('no name') : String(k);
const member = (o, k) => { const key = name(k); return o != null && Object.hasOwn(Object(o), key) ? nul(o[key]) : null; };
const kind = (o, k) => { const key = name(k); return o != null && Object.hasOwn(Object(o), key) ? typeof nul(o[key]) : 'undefined'; };
// ≠: a literal negative index counts from the end
const element = (o, k) => k < 0 && (Array.isArray(o) || typeof o === 'string') ? nul(o.at(k)) : member(o, k);

const invoke = (o, method, ...given) => {
  if (o == null) refuse('HR221');
  if (isPlain(o)) refuse('objects have no methods');
  if (typeof o[method] !== 'function') refuse('HR205');
  if (method === 'toString' && given.length && Math.abs(o) >= 2 ** 53) throw new Excluded('D2');
  if (typeof o === 'string' && given[0] === null) refuse('D6');
  if (typeof o === 'string' && given.some(v => isObject(v) && !(v instanceof RegExp))) refuse('no text');
  if (Array.isArray(o)) {
    o = [...o];                                                                     // D8
    if (['includes', 'indexOf', 'lastIndexOf'].includes(method) && isObject(given[0])) throw new Excluded('D3');
    if (['sort', 'toSorted'].includes(method) && !given.length)                      // ≠: nulls last
      return o.map(x => x === null ? undefined : x).sort().map(nul);
  }
  const r = o[method](...given);
  return d1(typeof r === 'object' && r !== null && !Array.isArray(r) && r[Symbol.iterator] ? [...r].map(d1) : r);
};
// functions of text take no null (D6), no arrays and no objects
const given = v => v == null || isObject(v) ? refuse('no text') : v;
const math = (method, ...values) => fin(exact(Math[method](...values.map(num)), ...values.map(num)));
const compared = r => typeof r === 'number' ? r : refuse('HR227');
const object = v => isPlain(v) ? v : refuse('no object');
const source = v => v == null || isPlain(v) ? v : refuse('no object');

Object.assign(globalThis, {
  nul, d1, strict, loose, num, plus, fin, text, add, arith, order, member, kind, element, invoke, given, math, compared, object, source, d5,
});
return () => null;
})()"""


def same(ours: object, theirs: object) -> bool:
    """Whether the value is JavaScript's.

    Keys that look like numbers may stand elsewhere (D5), and the last digit of a power may differ, for
    which JavaScript's engines have no rule (ECMA-262, 21.3.2.26).
    """
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        keys = [key for key in ours if not key.isdecimal()]
        return (
            ours.keys() == theirs.keys()
            and keys == [key for key in theirs if not key.isdecimal()]
            and all(same(ours[key], theirs[key]) for key in ours)
        )
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return ours is theirs
    if isinstance(ours, int | float) and isinstance(theirs, int | float):
        return math.isclose(ours, theirs, rel_tol=1e-15)
    return type(ours) is type(theirs) and ours == theirs
