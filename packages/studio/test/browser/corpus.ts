/** What would run, load or deceive where text became markup, a link or a pattern. */
export const corpus: readonly string[] = [
  `<script>alert(1)</script>`,
  `<img src=x onerror=alert(1)>`,
  `"><svg onload=alert(1)>`,
  `'"--></style></script><iframe src=javascript:alert(1)>`,
  `javascript:alert(1)`,
  `<a href="javascript:alert(1)">x</a>`,
  `{{constructor.constructor('alert(1)')()}}`,
  `\${alert(1)}`,
  `<b onmouseover=alert(1)>`,
  `\u202Egnp.exe`,
  `<base href=//evil.example>`,
  `<meta http-equiv=refresh content="0;url=//evil.example">`,
  `../../evil?x=#<x>`,
  `__proto__`,
  `%3Cscript%3Ealert(1)%3C/script%3E`,
  `' or 1=1 --`,
];
