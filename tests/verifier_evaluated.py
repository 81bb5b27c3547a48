r"""Pairs `answer ~~ reference` that are equal, and whether the answer counts as evaluated."""

UNEVALUATED = r"""
47 \cdot 53 ~~ 2491
47 \times 53 ~~ 2491
47(53) ~~ 2491
\log_2 64 ~~ 6
\frac78+\frac38-\frac14 ~~ 1
\frac{1}{2}+\frac{1}{3} ~~ \frac56
2+3 ~~ 5
5-(-3) ~~ 8
3\cdot\frac14 ~~ 0.75
\frac{\frac12}{3} ~~ \frac16
\frac{2\cdot 3}{5} ~~ 1.2
\frac{1}{1-\frac13} ~~ \frac32
2^{10} ~~ 1024
(\frac12)^3 ~~ \frac18
5! ~~ 120
\binom{10}{3} ~~ 120
\gcd(12,18) ~~ 6
\sqrt{144} ~~ 12
\sqrt{9+16} ~~ 5
\sqrt{2}\cdot\sqrt{8} ~~ 4
\sqrt[3]{7+5\sqrt2} - \sqrt2 ~~ 1
|3-4i| ~~ 5
|-7| ~~ 7
\lfloor 3.7 \rfloor ~~ 3
\sin\frac{\pi}{6} ~~ \frac12
4\sin 60^\circ ~~ 2\sqrt3
\arctan 1 ~~ \frac{\pi}{4}
\frac{\pi}{2}+\frac{\pi}{3} ~~ \frac{5\pi}{6}
e^{\ln 5} ~~ 5
i^2 ~~ -1
(1+i)^2 ~~ 2i
x = 47 \cdot 53 ~~ 2491
n = 2+3 ~~ n = 5
f(2) = 3\cdot 4 ~~ 12
(2+3, 4) ~~ (5,4)
2+3, 1 ~~ 1, 5
\begin{pmatrix} 1+1 \\ 3 \end{pmatrix} ~~ \begin{pmatrix}2\\3\end{pmatrix}
3\cdot 4\text{ cm} ~~ 12
\$(5+6) ~~ 11
\frac{1}{4}+\frac14\% ~~ \frac{101}{400}
\text{(B) } 3\cdot 4 ~~ 12
\text{(B) } 3\cdot 4 ~~ \text{(B) } 12
\text{Yes, } n = 3\cdot 4 ~~ 12
3\cdot 4 \text{ m/s} ~~ 12
x = 3\cdot 4 \text{ for } x > 0 ~~ 12
2 \cdot 12 ~~ 24
2x > 10 ~~ x>5
1 \le 2x+1 \le 5 ~~ [0,2]
x = 3 \text{ or } x = 2+2 ~~ 3, 4
12+30 ~~ 42
100-37 ~~ 63
\frac{144}{12} ~~ 12
\frac{14}{2} ~~ 7
6/2 ~~ 3
-\frac{10}{5} ~~ -2
x = \frac{144}{12} ~~ 12
\frac{144}{12}\text{ cm} ~~ 12
-(-5) ~~ 5
2^{5} ~~ 32
7! ~~ 5040
(47)(53) ~~ 2491
0.1+0.2 ~~ 0.3
16^{1/2} ~~ 4
\max(3,9) ~~ 9
\cos 0 ~~ 1
\ln e ~~ 1
0.5\cdot 8 ~~ 4
3 \cdot 10^2 + 5 ~~ 305
\begin{vmatrix}1&2\\3&4\end{vmatrix} ~~ -2
AB = CD = 2+3 ~~ 5
\sum_{k=1}^{3} k = 2+4 ~~ 6
47:\frac{1}{53} ~~ 2491
144:12 ~~ 12
144:12, 12 ~~ 12
1.5:2 ~~ 0.75
\{\frac{144}{12}\} ~~ 12
x\in\{144/12\} ~~ 12
\frac{144}{12}=x ~~ 12
\frac{144}{12},\frac{144}{12} ~~ 12
\frac{144}{12}=\frac{144}{12} ~~ 12
\frac{144}{12}=\frac{24}{2} ~~ 12
AB=CD=144/12 ~~ 12
x=\frac{144}{12} ~~ x=12
\frac{144}{12}\text{ million} ~~ 12\text{ million}
\frac{144}{12}\text{ million} ~~ 12000000
(\frac{4}{2}, 3) ~~ (2,3)
x > \frac{10}{2} ~~ x>5
\frac{1}{0.5} ~~ 2
\frac{144}{12}+0i ~~ 12
"""

EVALUATED = r"""
2491 ~~ 2491.0
-\frac{3}{8} ~~ -0.375
\frac{6}{8} ~~ \frac34
\frac{10}{4} ~~ 2.5
AB = CD = 5 ~~ 5
x = y = 5 ~~ 5
\sum_{k=1}^{3} k = 6 ~~ 6
\mathbb{E}[X] = \frac{7}{2} ~~ 3.5
f(2)+f(3) = 7 ~~ 7
137\frac12 ~~ 137.5
0.\overline{3} ~~ \frac13
6.02\times 10^{23} ~~ 602000000000000000000000
10^{6} ~~ 1000000
1e3 ~~ 1000
50\% ~~ \frac12
\sqrt{12} ~~ 2\sqrt3
\frac{1}{\sqrt2} ~~ \frac{\sqrt2}{2}
\frac{2}{\sqrt5-\sqrt3} ~~ \sqrt5+\sqrt3
\frac{1+\sqrt5}{2} ~~ \frac12+\frac{\sqrt5}{2}
2^{1/2} ~~ \sqrt2
4\pi/3 ~~ \frac43\pi
\frac{\pi^2}{8} ~~ 0.125\pi^2
e^{-1} ~~ \frac1e
3+4i ~~ 4i+3
\frac{-1+i\sqrt3}{2} ~~ -\frac12+\frac{\sqrt3}{2}i
1\pm\sqrt2 ~~ 1+\sqrt2, 1-\sqrt2
2+3 = 5 ~~ 5
x = \frac{10}{2} = 5 ~~ 5
\sqrt2 \approx 1.41 ~~ \sqrt{2}
(0.5, 2) ~~ (\frac12, 2)
[0, \frac{\pi}{2}) ~~ [0,\pi/2)
\frac15\begin{pmatrix}1\\2\end{pmatrix} ~~ \begin{pmatrix}0.2\\0.4\end{pmatrix}
-3\% ~~ -3
-45^\circ ~~ -\frac{\pi}{4}
\frac{2\pi}{3} ~~ 120^\circ
-\$5 ~~ -5
\binom{5}{2} = 10 ~~ 10
y = 2x+3 ~~ 2x-y+3=0
x>5 ~~ (5,\infty)
5 \text{ million} ~~ 5000000
2\text{ dozen} ~~ 24
\$1{,}000 ~~ 1000
5\text{ cm} ~~ 5.0
3:4 ~~ 6:8
2^{10} ~~ 4^5
100^{50} ~~ 10^{100}
5 = x ~~ 5.0
2\cdot 2^{99} ~~ 2^{100}
\frac{10!}{8!} ~~ \binom{10}{2}\cdot 2
\ln 2+\ln 3 ~~ \ln 6
x+2+3 ~~ x+5
\sin^2 x + \cos^2 x ~~ \tan x\cot x
\text{Evelyn} ~~ Evelyn
\text{(C)} ~~ C
3:4 ~~ \frac34
6:8 ~~ 0.75
144:12 ~~ 12:1
1:\sqrt2 ~~ \sqrt2:2
\{12\} ~~ 12
x\in\{12\} ~~ 12
12=x ~~ 12
12,12 ~~ 12
\frac{144}{12}=12 ~~ 12
AB=CD=144/12=12 ~~ 12
x=\frac{14}{8} ~~ x=1.75
\frac12\text{ million} ~~ 500000
\frac12\text{ hour} ~~ 30\text{ minutes}
\frac{6}{3} ~~ 6/3
(\frac12, 3) ~~ (0.5,3)
\frac12+3i ~~ 0.5+3i
"""


def pairs(lines: str) -> list[tuple[str, ...]]:
    return [tuple(line.split(" ~~ ")) for line in lines.strip().splitlines()]
