// demo: the demonstration, its report and its verdict.

export * from './checks.js'
export * from './demo.js'
export * from './report.js'
