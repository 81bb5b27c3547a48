r"""Pairs of answers with the verdict they deserve and why, written by hand for the classes of answers that occur.

Each group is (class, equal?, why, pairs); a line of pairs is `answer ~~ reference`. Every pair is tried in both
directions, boxed and on an `Answer:` line, in the main thread and in a worker thread.
"""

from typing import NamedTuple


class Case(NamedTuple):
    kind: str
    equal: bool
    why: str
    answer: str
    reference: str


GROUPS: list[tuple[str, bool, str, str]] = [
    # ------------------------------------------------------------------ numbers
    ("integer", True, "the same integer", r"""
5 ~~ 5
-7 ~~ -7
0 ~~ 0
123456789012345678901234567890 ~~ 123456789012345678901234567890
+5 ~~ 5
-0 ~~ 0
"""),
    ("integer", True, "leading zeros do not change an integer", r"""
007 ~~ 7
-05 ~~ -5
000 ~~ 0
0123456789 ~~ 123456789
00000000000000000000000000000000000001 ~~ 1
"""),
    ("integer", True, "thousands separators in the usual notations", r"""
1,000 ~~ 1000
12,345,678 ~~ 12345678
10,\!080 ~~ 10080
11,\! 111,\! 111,\! 100 ~~ 11111111100
1{,}234 ~~ 1234
1\,234 ~~ 1234
1\,234\,567 ~~ 1,234,567
1 234 567 ~~ 1234567
1 234 ~~ 1234
-1,500 ~~ -1500
58,500 ~~ 58500
32,\!348 ~~ 32{,}348
1,234.5 ~~ 1234.5
123,456,789,012,345,678 ~~ 123456789012345678
"""),
    ("integer", True, "white space, signs and delimiters of mathematics do not matter", r"""
$5$ ~~ 5
\(5\) ~~ 5
\[5\] ~~ 5
 5  ~~ 5
- 3 ~~ -3
\,5\, ~~ 5
--5 ~~ 5
-(-5) ~~ 5
{5} ~~ 5
{{5}} ~~ 5
(5) ~~ 5
[5] ~~ 5
"""),
    ("integer", False, "different integers", r"""
5 ~~ 6
5 ~~ -5
12 ~~ 21
100 ~~ 1000
1,000 ~~ 100
1,0 ~~ 1,000
1,000 ~~ 1,0
(1,0002) ~~ (1,2)
1,00 ~~ 1,000
10 ~~ 1
1 ~~ 0
123456789012345678901 ~~ 123456789012345678902
99999999999999999999 ~~ 100000000000000000000
9007199254740993 ~~ 9007199254740992
-1 ~~ 1
0 ~~ 00001
5 ~~ 55
1,234 ~~ 12,34
1 2 ~~ 12
1 2 ~~ 2
1 23 ~~ 123
3 4 ~~ 34
"""),
    ("decimal", True, "a decimal is the exact rational it writes", r"""
0.5 ~~ 1/2
.5 ~~ 0.5
0.50 ~~ 0.5
5.0 ~~ 5
5. ~~ 5
-.25 ~~ -1/4
3.21 ~~ \frac{321}{100}
0.125 ~~ \frac18
.35625 ~~ 0.356250
326.5 ~~ \frac{653}{2}
00.5 ~~ .5
1.50 ~~ \frac{3}{2}
0.0 ~~ 0
-0.0 ~~ 0
2.0000000000000000000000000000001 ~~ \frac{20000000000000000000000000000001}{10000000000000000000000000000000}
"""),
    ("decimal", True, "an overline repeats its digits for ever", r"""
0.\overline{3} ~~ \frac13
0.1\overline{6} ~~ 1/6
0.\overline{142857} ~~ \frac17
1.\overline{27} ~~ \frac{14}{11}
0.\overline{9} ~~ 1
0.\bar{6} ~~ 2/3
2.\overline{09} ~~ 2+\frac{1}{11}
"""),
    ("decimal", False, "no rounding and no tolerance", r"""
0.333 ~~ 1/3
0.3333333333333333333333 ~~ \frac13
3.14 ~~ \pi
3.14159265358979323846264338327950288 ~~ \pi
22/7 ~~ \pi
1.414 ~~ \sqrt2
1.41421356237309504880168872420969807856967187537694 ~~ \sqrt{2}
2.718 ~~ e
0.67 ~~ \frac23
0.99999999999999999999 ~~ 1
1.0000000000000000000001 ~~ 1
0.1 ~~ 0.01
0.5 ~~ 0.05
1.5 ~~ 15
5.1 ~~ 5.01
0.30000000000000004 ~~ 0.3
0.\overline{3} ~~ 0.3
0.1\overline{6} ~~ 0.\overline{16}
0.333... ~~ 1/3
1.732 ~~ \sqrt3
"""),
    ("scientific", True, "scientific notation is a number", r"""
6.72\times10^{-5} ~~ .0000672
6.72 \cdot 10^{-5} ~~ 0.0000672
1e3 ~~ 1000
1E3 ~~ 1000
2.5e-3 ~~ 0.0025
1.5e+2 ~~ 150
10^6 ~~ 1000000
10^{-3} ~~ 0.001
3\times 10^8 ~~ 300000000
3×10^8 ~~ 300,000,000
5 * 10^2 ~~ 500
6.02\times 10^{23} ~~ 602000000000000000000000
"""),
    ("scientific", False, "another power of ten", r"""
6.72\times10^{-5} ~~ 6.72\times10^{-4}
6.72\times10^{5} ~~ 6.72\times10^{-5}
1e3 ~~ 100
1e3 ~~ 1e4
10^6 ~~ 10^7
6.72e-5 ~~ 6.72
2e3 ~~ 2e
2e - 5 ~~ 0.00002
"""),
    # ------------------------------------------------------------------ fractions
    ("fraction", True, "every way to write a fraction", r"""
\frac{3}{4} ~~ 3/4
\dfrac{3}{4} ~~ \frac{3}{4}
\tfrac34 ~~ \frac34
\cfrac{3}{4} ~~ 0.75
\frac 34 ~~ 3/4
\frac3{4} ~~ 3/4
\frac{3}4 ~~ 3/4
\frac9{19} ~~ \frac{9}{19}
\frac{270}7 ~~ 270/7
\frac 59 ~~ \frac{5}{9}
\frac{1}{2} ~~ \frac{50}{100}
{3}/{4} ~~ 3/4
3 / 4 ~~ \frac{3}{4}
(3)/(4) ~~ 3/4
-\frac{3}{8} ~~ \frac{-3}{8}
-\frac{3}{8} ~~ \frac{3}{-8}
-3/8 ~~ -\frac38
\frac{-3}{-8} ~~ 3/8
\left(\frac{1}{2}\right) ~~ 0.5
\frac{\frac12}{3} ~~ 1/6
\frac{1}{\frac{1}{5}} ~~ 5
3 \div 4 ~~ \frac34
3 \cdot \frac14 ~~ \frac34
\frac{1,000}{3} ~~ \frac{1000}{3}
\displaystyle\frac{3}{4} ~~ 3/4
\frac{6}{8} ~~ \frac{3}{4}
\frac{14}{2} ~~ 7
\frac{\;3\;}{4} ~~ 3/4
½ ~~ 0.5
¾ ~~ \frac34
\frac{3}{4}\, ~~ \frac{3}{4}
\frac{0}{5} ~~ 0
"""),
    ("fraction", False, "another fraction, or none", r"""
\frac34 ~~ \frac43
\frac{3}{4} ~~ \frac{3}{5}
\frac34 ~~ -\frac34
\frac{34}{1} ~~ \frac34
1/2 ~~ 1/3
3/4 ~~ 34
\frac{1}{2} ~~ 12
\frac{1}{2} ~~ 2
\frac{1}{0} ~~ 0
\frac{0}{0} ~~ 1
\frac{1}{0} ~~ \infty
3/4/5 ~~ 3/(4/5)
\frac{10}{21} ~~ \frac{10}{22}
\frac{1000000007}{998244353} ~~ \frac{1000000008}{998244353}
\frac{1}{2}3 ~~ 13/2
"""),
    ("mixed number", True, "a whole number and a proper fraction add", r"""
1\frac{4}{5} ~~ \frac95
1 \frac{4}{5} ~~ 1.8
137 \frac{1}{2} ~~ 137.5
137 1/2 ~~ 137.5
-1\frac{1}{2} ~~ -\frac32
2\dfrac13 ~~ 7/3
3\tfrac{1}{7} ~~ \frac{22}{7}
3½ ~~ 3.5
1\frac45 ~~ 1.8
12\frac{1}{4} ~~ \frac{49}{4}
"""),
    ("mixed number", False, "a mixed number is not a product", r"""
1\frac{4}{5} ~~ \frac45
2\frac{1}{2} ~~ 1
137 \frac12 ~~ \frac{137}{2}
3\frac12 ~~ \frac{31}{2}
-1\frac12 ~~ -\frac12
137 1/2 ~~ 1371/2
"""),
    # ------------------------------------------------------------------ percent, degree, money, units
    ("percent", True, "the sign may be left out, and p percent is p/100", r"""
50\% ~~ 50
50\% ~~ 0.5
50% ~~ \frac12
12.5\% ~~ 12.5
12.5\% ~~ \frac18
50\% ~~ 50 \text{ percent}
-3\% ~~ -3
33\frac13\% ~~ 33\frac{1}{3}
100\% ~~ 1
"""),
    ("percent", False, "another percentage", r"""
50\% ~~ 5\%
50\% ~~ 0.05
50\% ~~ 0.5\%
50\% ~~ 500
12.5\% ~~ 125
50\% ~~ 50^\circ
5\% ~~ \$5
"""),
    ("degree", True, "the sign may be left out, and a degree is pi/180", r"""
90^\circ ~~ 90
90^{\circ} ~~ 90^\circ
90° ~~ 90^\circ
\frac{270}7\text{ degrees} ~~ \frac{270}{7}
30 degrees ~~ 30^\circ
120^\circ ~~ \frac{2\pi}{3}
180^\circ ~~ \pi
-45^\circ ~~ -\frac{\pi}{4}
\sin 30^\circ ~~ \frac12
\cos 60^{\circ} ~~ 0.5
\tan 45^\circ ~~ 1
76^\circ ~~ 76\text{ degrees}
70^\circ\text{F} ~~ 70
22.5^\circ ~~ \frac{\pi}{8}
"""),
    ("degree", False, "another angle or another unit", r"""
90^\circ ~~ 9
90 ~~ \frac{\pi}{2}
30^\circ ~~ 60^\circ
30^\circ ~~ \frac{\pi}{3}
180 ~~ \pi
70^\circ\text{F} ~~ 70^\circ\text{C}
36^\circ ~~ \$36
30^\circ ~~ 30 \text{ cm}
\sin 30 ~~ \frac12
"""),
    ("money", True, "a currency sign may be left out", r"""
\$32,\!348 ~~ 32348
\$18.90 ~~ 18.9
\$36 ~~ 36
\$5 ~~ 5 \text{ dollars}
$5 ~~ 5
\$0.05 ~~ 5\text{ cents}
5.4 \text{ cents} ~~ 5.4
-\$5 ~~ -5
\$1{,}000.00 ~~ 1000
£5 ~~ 5
\$5 \text{ million} ~~ 5000000
"""),
    ("money", False, "another amount or another currency", r"""
\$36 ~~ 63
\$18.90 ~~ 18.09
\$5 ~~ 5 \text{ cents}
€5 ~~ \$5
\$5 \text{ million} ~~ 5
"""),
    ("unit", True, "a unit may be left out", r"""
864 \mbox{ inches}^2 ~~ 864
15\mbox{ cm}^2 ~~ 15
5\text{ cm} ~~ 5
5 cm ~~ 5
5\,\text{cm} ~~ 5
5~\mathrm{cm} ~~ 5
5\ \text{km/h} ~~ 5
5 \text{ miles per hour} ~~ 5
12 \text{ square units} ~~ 12
3\text{ hours} ~~ 3
7 \text{ apples} ~~ 7
7 apples ~~ 7
20 \text{ students} ~~ 20
\frac{5}{2} \text{ m} ~~ 2.5
5\text{ m/s} ~~ 5
\sqrt{3}\text{ cm}^2 ~~ \sqrt3
12\pi \text{ cubic inches} ~~ 12\pi
8\text{ units} ~~ 8
x = 5\text{ cm} ~~ 5
10\operatorname{cm} ~~ 10
24 \textrm{ ways} ~~ 24
5 \text{ blue marbles} ~~ 5
1,000 meters ~~ 1000
"""),
    ("unit", True, "the same unit in another spelling or scale", r"""
5 \text{ cm} ~~ 5\text{ centimeters}
15\mbox{ cm}^2 ~~ 15\text{ square centimeters}
15 \text{ sq cm} ~~ 15\text{ cm}^2
100\text{ cm} ~~ 1\text{ m}
1 \text{ hour} ~~ 60\text{ minutes}
60 \text{ km/h} ~~ 60 \text{ kilometers per hour}
12\text{ inches} ~~ 1\text{ foot}
3\text{ feet} ~~ 1\text{ yard}
2 \text{ m}^3 ~~ 2\text{ cubic meters}
1 \text{ kg} ~~ 1000\text{ grams}
5\text{ apples} ~~ 5\text{ apple}
2\text{ dozen} ~~ 24
3 \text{ million} ~~ 3000000
10000\text{ cm}^2 ~~ 1\text{ m}^2
"""),
    ("compound unit", True, "units of physics", r"""
36.5 \text{ g/mol} ~~ 36.5
36.5 g/mol ~~ 36.5
36.5 \, \mathrm{g} \, \mathrm{mol}^{-1} ~~ 36.5 \text{ g/mol}
120 \text{ kg m}^{-3}\text{ s}^{-1} ~~ 120
1.2 \text{ Å} ~~ 1.2
1.2\,\text{\AA} ~~ 1.2
1.2\ \mathring{A} ~~ 1.2 \text{ angstroms}
7 \text{ N·m} ~~ 7
7 \text{ N}\cdot\text{m} ~~ 7\text{ N m}
7 \text{ N m} ~~ 7 \text{ J}
7 \text{ N-m} ~~ 7
1.2 \, \text{\r{A}} ~~ 1.2
12 \frac{\text{m}}{\text{s}} ~~ 12
12 \frac{\text{m}}{\text{s}} ~~ 12\text{ m/s}
12 \, \frac{\text{kg}}{\text{m}^3} ~~ 12\text{ kg/m}^3
9.8 \text{ m/s}^2 ~~ 9.8
9.8 m/s^2 ~~ 9.8
9.8 \text{ m/s}^2 ~~ 9.8\text{ m s}^{-2}
4.18 \text{ J/(g K)} ~~ 4.18
4.18\ \mathrm{J\,g^{-1}\,K^{-1}} ~~ 4.18
3 \times 10^{8} \text{ m/s} ~~ 3\times 10^8
2.5\text{ GHz} ~~ 2500 \text{ MHz}
500 \text{ nm} ~~ 0.5\ \mu\text{m}
500 \text{ nm} ~~ 0.5\text{ μm}
20 \mu m ~~ 20
4.7\text{ k}\Omega ~~ 4.7
4.7\ \mathrm{k\Omega} ~~ 4700\text{ ohm}
13.6 \text{ eV} ~~ 13.6
25 {}^{\circ}\mathrm{C} ~~ 25
1 \text{ kWh} ~~ 3.6 \text{ MJ}
2\text{ L} ~~ 2000\text{ cm}^3
101 \text{ kPa} ~~ 101
5 / \text{s} ~~ 5 \text{ Hz}
"""),
    ("compound unit", False, "another unit, another scale, another number", r"""
36.5 \text{ g/mol} ~~ 36.5\text{ kg/mol}
36.5 \text{ g/mol} ~~ 36.6
36.5 \text{ g/mol} ~~ 36.5\text{ g}
120 \text{ kg m}^{-3} ~~ 120 \text{ kg m}^{3}
1.2 \text{ Å} ~~ 1.2\text{ nm}
7 \text{ N}\cdot\text{m} ~~ 7\text{ N/m}
12 \frac{\text{m}}{\text{s}} ~~ 12 \frac{\text{s}}{\text{m}}
9.8 \text{ m/s}^2 ~~ 9.8\text{ m/s}
9.8 m/s^2 ~~ 9.8 m/s
2.5\text{ GHz} ~~ 2.5\text{ MHz}
500 \text{ mN} ~~ 500 \text{ MN}
5\text{ V} ~~ 5\text{ W}
5V ~~ 5
5 kN ~~ 5
5 m s ~~ 5
2*length ~~ 2
4.18 \text{ J/(g K)} ~~ 4.18\text{ J K/g}
25 {}^{\circ}\mathrm{C} ~~ 25 {}^{\circ}\mathrm{F}
"""),
    ("ordinal", True, "an ordinal is its number", r"""
7^{\text{th}} ~~ 7
7^\text{th} ~~ 7
7^{th} ~~ 7
7\text{th} ~~ 7
7th ~~ 7
21^{\text{st}} ~~ 21
22nd ~~ 22
13th ~~ 13
3^{\mathrm{rd}} \text{ row} ~~ 3
7^{\mathrm{th}}\text{ floor} ~~ 7
7\text{th floor} ~~ 7
7^{\textup{th}} ~~ 7
\text{7th} ~~ 7
"""),
    ("ordinal", False, "another number, or no ordinal", r"""
7^{\text{th}} ~~ 8
7^{\text{th}} ~~ 7th^2
n^{\text{th}} ~~ n
2th ~~ 2
7^{\text{t}} ~~ 7
7 \text{ths} ~~ 7
"""),
    ("unit", False, "a unit that contradicts, or another number", r"""
5\text{ cm} ~~ 5\text{ m}
15\text{ cm}^2 ~~ 15\text{ cm}^3
15\text{ cm} ~~ 15\text{ cm}^2
5\text{ hours} ~~ 5\text{ minutes}
5\text{ km} ~~ 5 \text{ miles}
5 \text{ cm} ~~ 6
60\text{ km/h} ~~ 60\text{ km}
5 \text{ apples} ~~ 5 \text{ oranges}
5 \text{ or so} ~~ 5
5 \text{ not } ~~ 5
\text{at least } 5 ~~ 5
\text{not } 5 ~~ 5
5 \text{ to } 6 ~~ 5
5m ~~ 5
5 \text{ million} ~~ 5
2 \text{ dozen} ~~ 2
5 \text{ plus one} ~~ 5
5 \text{ hundred} ~~ 5
5 \text{ except on Sundays} ~~ 5
\text{more than } 20 ~~ 20
"""),
    # ------------------------------------------------------------------ roots, powers, constants
    ("root", True, "surds in other forms", r"""
\sqrt{12} ~~ 2\sqrt{3}
11\sqrt2 ~~ 11\sqrt{2}
11 \sqrt 2 ~~ \sqrt{242}
\sqrt{4} ~~ 2
\sqrt[3]{8} ~~ 2
\sqrt[3]{-8} ~~ -2
\sqrt[3]{54} ~~ 3\sqrt[3]{2}
\frac{\sqrt{3}}{3} ~~ \frac{1}{\sqrt{3}}
\frac{1}{\sqrt2+1} ~~ \sqrt2-1
\frac{\sqrt2}{2} ~~ \frac{1}{\sqrt{2}}
\sqrt{\frac{1}{2}} ~~ \frac{\sqrt{2}}{2}
\sqrt{3+2\sqrt2} ~~ 1+\sqrt{2}
\sqrt{5-2\sqrt6} ~~ \sqrt3-\sqrt2
\sqrt[3]{7+5\sqrt2} ~~ 1+\sqrt2
\sqrt{2}\sqrt{3} ~~ \sqrt{6}
\sqrt{2}\cdot\sqrt{8} ~~ 4
\sqrt[4]{4} ~~ \sqrt2
\sqrt{\sqrt{2}} ~~ \sqrt[4]{2}
2^{1/2} ~~ \sqrt2
2^{0.5} ~~ \sqrt{2}
4^{3/2} ~~ 8
8^{-2/3} ~~ \frac14
sqrt(2) ~~ \sqrt2
sqrt(12)/2 ~~ \sqrt{3}
√2 ~~ \sqrt{2}
2√3 ~~ \sqrt{12}
√(12) ~~ 2\sqrt{3}
\sqrt13 ~~ \sqrt{13}
\sqrt{x}^2 ~~ x
11 \sqrt{5} + 11 ~~ 11(1+\sqrt5)
3\sqrt{13} ~~ \sqrt{117}
\sqrt{6+\sqrt{20}} ~~ 1+\sqrt5
\sqrt{2+\sqrt{3}} ~~ \frac{\sqrt6+\sqrt2}{2}
\frac{2}{\sqrt5-\sqrt3} ~~ \sqrt5+\sqrt3
\sqrt[3]{2+\sqrt5} ~~ \frac{1+\sqrt5}{2}
\sqrt[3]{2+\sqrt{5}}+\sqrt[3]{2-\sqrt{5}} ~~ 1
\sqrt{1000003}\sqrt{1000033} ~~ \sqrt{1000036000099}
\frac{1}{\sqrt[3]{2}} ~~ \frac{\sqrt[3]{4}}{2}
\frac{1}{1+\sqrt2+\sqrt3} ~~ \frac{2+\sqrt2-\sqrt6}{4}
\sqrt{10+\sqrt{24}+\sqrt{40}+\sqrt{60}} ~~ \sqrt2+\sqrt3+\sqrt5
\sqrt{-4} ~~ 2i
\cbrt{27} ~~ 3
"""),
    ("root", False, "another surd", r"""
\sqrt{2} ~~ \sqrt{3}
\sqrt2 ~~ 2
\sqrt{4} ~~ -2
\sqrt2+\sqrt3 ~~ \sqrt5
\sqrt{12} ~~ 3\sqrt2
\sqrt[3]{2} ~~ \sqrt2
2\sqrt3 ~~ 3\sqrt2
\sqrt{3-2\sqrt2} ~~ 1-\sqrt2
\frac{1}{\sqrt2-1} ~~ \sqrt2-1
\sqrt{3+2\sqrt2} ~~ 1-\sqrt2
\sqrt2 ~~ -\sqrt2
\sqrt{1000001} ~~ 1000
\sqrt{10^{40}+1} ~~ 10^{20}
\sqrt{4+\sqrt{7}} ~~ \sqrt{4-\sqrt7}
\sqrt[3]{-8} ~~ 2
\sqrt{-4} ~~ 2
\sqrt{x^2} ~~ x
\sqrt{1}\sqrt{2} ~~ \sqrt{1.9999999999999999999}
\sqrt{101}-\sqrt{100} ~~ \frac{1}{20}
\frac{639}{\sqrt{163}} ~~ 50.05034
"""),
    ("constant", True, "pi and e are exact", r"""
18+2\pi ~~ 2\pi+18
288 \pi ~~ 288\pi
\frac{\pi}{6} ~~ \pi/6
\frac{20000}{\pi} ~~ 20000\pi^{-1}
-\frac{\pi}{6} ~~ \frac{-\pi}{6}
2pi ~~ 2\pi
π ~~ \pi
4π/3 ~~ \frac{4\pi}{3}
e^2 ~~ e\cdot e
\pi r^2 ~~ r^2 \pi
(\pi+1)^2 ~~ \pi^2+2\pi+1
e^{-1} ~~ \frac1e
\ln e ~~ 1
\ln e^3 ~~ 3
e^{\ln 5} ~~ 5
e^{2\ln 3} ~~ 9
\frac{\pi^2}{8} ~~ 0.125\pi^2
\exp(1) ~~ e
"""),
    ("constant", False, "another multiple", r"""
-\pi ~~ \pi
-e ~~ e
-\sqrt{\pi} ~~ \sqrt{\pi}
-\infty ~~ \infty
\frac{\pi}{2} ~~ \frac{\pi{2}}{}
2\pi ~~ \pi
\pi ~~ 3
\pi^2 ~~ 10
\frac{\pi}{6} ~~ \frac{6}{\pi}
e ~~ \pi
e^2 ~~ 2e
18+2\pi ~~ 20\pi
\pi+e ~~ \pi e
e^{\pi} ~~ \pi^e
e^{\pi\sqrt{163}} ~~ 262537412640768744
\pi ~~ \frac{355}{113}
\frac{\ln(640320^3+744)}{\sqrt{163}} ~~ \pi
"""),
    ("power", True, "powers in other forms", r"""
2^{10} ~~ 1024
2^10 ~~ 1024
2**10 ~~ 1024
(-2)^3 ~~ -8
-2^2 ~~ -4
5^0 ~~ 1
2^{-3} ~~ \frac18
(\frac12)^3 ~~ \frac18
2^{2^3} ~~ 256
2^{100} ~~ 1267650600228229401496703205376
3^{20}\cdot 3^{5} ~~ 3^{25}
10^{100} ~~ 100^{50}
x^{2}x^{3} ~~ x^5
(x^2)^3 ~~ x^6
2^{x+1} ~~ 2\cdot 2^x
4^x ~~ 2^{2x}
e^{2x} ~~ (e^x)^2
6^n ~~ 2^n\cdot3^n
\frac{1}{2^n} ~~ 2^{-n}
2^n+2^n ~~ 2^{n+1}
x^{1/2} ~~ \sqrt{x}
x^{-1} ~~ \frac1x
x² ~~ x^2
x¹² ~~ x^{12}
2^{2005} - 2^{2004} ~~ 2^{2004}
a^{m}a^{n} ~~ a^{m+n}
"""),
    ("power", False, "another power", r"""
2^{10} ~~ 2^{11}
2^{10} ~~ 20
2^{10} ~~ 10^2
(-2)^2 ~~ -2^2
2^{-3} ~~ -8
2^n ~~ n^2
2^{n+1} ~~ 2^n+1
4^x ~~ 2^x
x^2 ~~ 2x
x^5 ~~ x^6
2^{2^3} ~~ 64
e^{x+1} ~~ e^x+1
2^{1000} ~~ 2^{1000}+1
3^{2^{n}} ~~ 3^{2n}
"""),
    ("factorial", True, "factorials and binomials within caps", r"""
5! ~~ 120
0! ~~ 1
\frac{10!}{8!} ~~ 90
10!/(3!7!) ~~ 120
\binom{10}{3} ~~ 120
{10 \choose 3} ~~ 120
\dbinom{5}{2} ~~ 10
\binom52 ~~ 10
\binom{n}{0}\cdot 3! ~~ 6\binom{n}{0}
3!\cdot 4 ~~ 24
2^5\cdot 5! ~~ 3840
\binom{100}{50} ~~ \frac{100!}{50!50!}
(3!)! ~~ 720
"""),
    ("factorial", False, "another count", r"""
5! ~~ 5
5! ~~ 60
\binom{10}{3} ~~ \binom{10}{4}
\binom{5}{2} ~~ \frac52
3!! ~~ 7
5! ~~ -120
\binom{10}{3} ~~ \frac{10}{3}
\frac{6!}{3!} ~~ 2!
"""),
    ("complex", True, "complex numbers", r"""
6 - 5i ~~ -5i+6
1+274i ~~ 274i + 1
i^2 ~~ -1
\frac{1+i}{1-i} ~~ i
(1+i)^2 ~~ 2i
|3-4i| ~~ 5
e^{i\pi} ~~ -1
e^{i\pi/2} ~~ i
\frac{1}{i} ~~ -i
\sqrt{-1} ~~ i
3 + 2\sqrt{-4} ~~ 3+4i
\frac{-1+i\sqrt3}{2} ~~ e^{2\pi i/3}
(1+i)^{10} ~~ 32i
\cos\frac{\pi}{3}+i\sin\frac{\pi}{3} ~~ \frac{1+i\sqrt{3}}{2}
i^{2023} ~~ -i
"""),
    ("complex", False, "another complex number", r"""
6-5i ~~ 6+5i
6-5i ~~ 5-6i
i ~~ 1
i ~~ -i
1+2i ~~ 2+i
e^{i\pi} ~~ 1
1 - 12i ~~ -11i
6+9i ~~ 15i
-2+7i ~~ 2-7i
"""),
    # ------------------------------------------------------------------ algebra
    ("polynomial", True, "expanded, factored and reordered", r"""
x^2-1 ~~ (x-1)(x+1)
(a+5)(b+2) ~~ ab+2a+5b+10
(a+5)(b+2) ~~ (b+2)(a+5)
-13x+3 ~~ 3-13x
6r^2-4r-24 ~~ 2(3r^2-2r-12)
x^5 - x^4 + x^3 - x^2 + x - 1 ~~ (x-1)(x^4+x^2+1)
(x+y)^3 ~~ x^3+3x^2y+3xy^2+y^3
15x - 80 ~~ 5(3x-16)
p - q ~~ -q+p
2k+2 ~~ 2(k+1)
5r^5 ~~ 5 \cdot r^5
x^8 + x^7 + x^6 + x^5 + x^4 + x^3 + x^2 + x + 1 ~~ (x^2+x+1)(x^6+x^3+1)
3R^2 ~~ 3R\cdot R
8n^2 + 4n + 1 ~~ 4n(2n+1)+1
xy ~~ yx
2xy ~~ 2 x y
x*y ~~ xy
3x^2 ~~ 3*x^2
(x+1)^{20} ~~ (1+x)^{20}
a^2-b^2 ~~ (a-b)(a+b)
x(x+1)/2 ~~ \frac{x^2+x}{2}
\frac{11+9a}{20} ~~ \frac{9a}{20}+\frac{11}{20}
0.5x ~~ \frac{x}{2}
\theta+1 ~~ 1+\theta
x_1+x_2 ~~ x_{2}+x_{1}
(n^2+n+1)(n^2-n+1) ~~ n^4+n^2+1
a(b-c)+b(c-a)+c(a-b) ~~ 0
x'+1 ~~ 1+x'
"""),
    ("polynomial", False, "another polynomial", r"""
-\alpha ~~ \alpha
ab-cd ~~ ab cd
AB ~~ ab
ab! ~~ ab
-x ~~ x
-ab ~~ ab
\triangle ~~ \angle
x^2-1 ~~ (x-1)^2
x^2-1 ~~ x^2+1
(a+5)(b+2) ~~ ab+10
-13x+3 ~~ 13x+3
2k+2 ~~ 2k+1
2k ~~ 2k+2
p-q ~~ q-p
p-q ~~ p+q
5r^5 ~~ r^5
x^3+3x-6 ~~ x^3+3x+6
3R^2 ~~ 3r^2
x ~~ y
x ~~ X
x_1 ~~ x_2
x2 ~~ x^2
x2 ~~ 2x
2x ~~ 3x
(x+1)^{20} ~~ x^{20}+1
ab ~~ a+b
x ~~ 1
15x-80 ~~ 15x+80
\alpha ~~ \beta
x' ~~ x
"""),
    ("rational function", True, "equal wherever both are defined", r"""
\frac{x^2-1}{x-1} ~~ x+1
1+\frac{1}{x} ~~ \frac{x+1}{x}
\frac{1}{x}+\frac{1}{y} ~~ \frac{x+y}{xy}
\frac{a}{b} ~~ \frac{2a}{2b}
\frac{1}{1-x} ~~ -\frac{1}{x-1}
\frac{x}{x+1} ~~ 1-\frac{1}{x+1}
\frac{1}{n(n+1)} ~~ \frac1n-\frac{1}{n+1}
\frac{x^3-8}{x-2} ~~ x^2+2x+4
x^{-2} ~~ \frac{1}{x^2}
\frac{2n+1}{n^2(n+1)^2} ~~ \frac{1}{n^2}-\frac{1}{(n+1)^2}
\frac{1}{\sqrt{x+1}-\sqrt{x}} ~~ \sqrt{x+1}+\sqrt{x}
\frac{x-1}{\sqrt{x}-1} ~~ \sqrt{x}+1
\sqrt{4x} ~~ 2\sqrt{x}
\sqrt{x^3} ~~ x\sqrt{x}
\sqrt{x^2} ~~ |x|
\sqrt{x^4} ~~ x^2
|2x-2| ~~ 2|1-x|
|x|^2 ~~ x^2
|x+iy| ~~ \sqrt{x^2+y^2}
\frac{a^2-b^2}{a-b}\cdot\frac{1}{a+b} ~~ 1
"""),
    ("rational function", False, "another function", r"""
\frac{1}{x+y} ~~ \frac1x+\frac1y
\frac{a}{b} ~~ \frac{b}{a}
\frac{x}{x+1} ~~ \frac{1}{2}
\frac{1}{1-x} ~~ \frac{1}{x-1}
\frac{x+1}{x} ~~ x+1
1+\frac1x ~~ \frac{2}{x}
\sqrt{x+1} ~~ \sqrt{x}+1
\sqrt{x^2+y^2} ~~ x+y
|x-1| ~~ x-1
|x+1| ~~ |x|+1
|z|^2 ~~ z^2
|x+iy|^2 ~~ (x+iy)^2
\frac{1}{2}x ~~ \frac{1}{2x}
x^{-2} ~~ -x^2
\frac{n(n+1)}{2} ~~ \frac{n(n-1)}{2}
"""),
    ("radical quotient", True, "a root of a quotient is the quotient of the roots, wherever both are defined", r"""
\frac{\sqrt{n+2}}{\sqrt{n}} ~~ \sqrt{1+\frac2n}
\sqrt{\frac{x+1}{x-1}} ~~ \frac{\sqrt{x+1}}{\sqrt{x-1}}
\sqrt{\frac{1-x}{-x-2}} ~~ \sqrt{\frac{x-1}{x+2}}
\sqrt{\frac{a}{b}} ~~ \frac{\sqrt a}{\sqrt b}
\sqrt{\frac{x+1}{x^2}} ~~ \frac{\sqrt{x+1}}{|x|}
\sqrt{\frac{x+1}{x^3}} ~~ \frac{1}{|x|}\sqrt{\frac{x+1}{x}}
\sqrt{\frac{2gh}{1+k}} ~~ \sqrt{\frac{2hg}{k+1}}
\left(\frac{x+1}{x}\right)^{3/2} ~~ \frac{(x+1)\sqrt{x+1}}{x\sqrt{x}}
\sqrt{\frac{x}{y}}\cdot\sqrt{\frac{y}{z}} ~~ \sqrt{\frac{x}{z}}
"""),
    ("radical quotient", False, "another root, or another sign somewhere", r"""
\frac{\sqrt{n+1}}{\sqrt{n}} ~~ \sqrt{1+\frac2n}
\sqrt{\frac{x+1}{x-1}} ~~ \sqrt{\frac{x-1}{x+1}}
\sqrt{\frac{x+1}{x^2}} ~~ \frac{\sqrt{x+1}}{x}
\sqrt{\frac{x+1}{x^3}} ~~ \frac{1}{x}\sqrt{\frac{x+1}{x}}
\sqrt{xy}\cdot\sqrt{\frac{x}{y}} ~~ x
\sqrt{\frac{x}{y}} ~~ \frac{\sqrt{xy}}{y}
\sqrt{\frac{x^3}{x+1}} ~~ x\sqrt{\frac{x}{x+1}}
"""),
    ("trigonometry", True, "identities", r"""
\sin^2 x+\cos^2 x ~~ 1
\cot x ~~ \frac{\cos x}{\sin x}
\cot x ~~ \frac{1}{\tan x}
\sin 2x ~~ 2\sin x\cos x
\cos 2x ~~ 1-2\sin^2 x
\cos(2x) ~~ 2\cos^2(x)-1
\tan\frac{x}{2} ~~ \frac{\sin x}{1+\cos x}
\sin 3x ~~ 3\sin x-4\sin^3 x
\sin(x+y) ~~ \sin x\cos y+\cos x\sin y
\cos(x-y) ~~ \cos x\cos y+\sin x\sin y
\tan^2 x+1 ~~ \sec^2 x
\sin(-x) ~~ -\sin x
\cos(-x) ~~ \cos x
\sin(\pi - x) ~~ \sin x
\cos(x+\pi) ~~ -\cos x
\sin\left(x+\frac{\pi}{2}\right) ~~ \cos x
\sin^4 x - \cos^4 x ~~ -\cos 2x
\tan 2\theta ~~ \frac{2\tan\theta}{1-\tan^2\theta}
\csc x ~~ \frac{1}{\sin x}
sin(x)^2 ~~ \sin^2 x
\sin x\cos x ~~ \frac{\sin 2x}{2}
\cos 4x ~~ 8\cos^4 x-8\cos^2 x+1
\sin x+\sqrt3\cos x ~~ 2\sin(x+\frac{\pi}{3})
\sin\frac{\pi}{6} ~~ \frac12
\cos\frac{3\pi}{4} ~~ -\frac{\sqrt2}{2}
\tan\frac{\pi}{3} ~~ \sqrt3
\sin 15^\circ ~~ \frac{\sqrt6-\sqrt2}{4}
\cos 36^\circ ~~ \frac{1+\sqrt5}{4}
\sin\frac{\pi}{8} ~~ \frac{\sqrt{2-\sqrt2}}{2}
\cos\frac{\pi}{7}-\cos\frac{2\pi}{7}+\cos\frac{3\pi}{7} ~~ \frac12
\cos 20^\circ\cos 40^\circ\cos 80^\circ ~~ \frac18
\sin 10^\circ\sin 50^\circ\sin 70^\circ ~~ \frac18
\tan 15^\circ ~~ 2-\sqrt3
\cos\frac{2\pi}{17}+\cos\frac{4\pi}{17}+\cos\frac{8\pi}{17}+\cos\frac{16\pi}{17} ~~ \frac{\sqrt{17}-1}{4}
\tan\frac{3\pi}{11}+4\sin\frac{2\pi}{11} ~~ \sqrt{11}
\sin 1\cos 1 ~~ \frac{\sin 2}{2}
\arctan 1 ~~ \frac{\pi}{4}
\arcsin\frac12 ~~ \frac{\pi}{6}
\sin^{-1}\left(\frac{\sqrt3}{2}\right) ~~ \frac{\pi}{3}
\arccos(-1) ~~ \pi
\tan^{-1}(-\sqrt{3}) ~~ -\frac{\pi}{3}
\cos(\pi) ~~ -1
"""),
    ("trigonometry", False, "no identity", r"""
\sin x ~~ \cos x
\cot x ~~ \tan x
\sin 2x ~~ 2\sin x
\sin^2 x-\cos^2 x ~~ 1
\sin(x+y) ~~ \sin x+\sin y
\cos 2x ~~ 2\cos^2 x+1
\sin x ~~ \sin y
\sin x ~~ x
\sin 3x ~~ 3\sin x
\sin\frac{\pi}{6} ~~ \frac{\sqrt3}{2}
\cos\frac{\pi}{7} ~~ \frac{9}{10}
\sin 1 ~~ \frac{\pi}{4}
\sin 1^\circ ~~ \frac{\pi}{180}
\tan\frac{\pi}{4} ~~ -1
\arctan 2 ~~ \frac{\pi}{4}
\arctan x ~~ \tan x
\sin^{-1} x ~~ \frac{1}{\sin x}
\cos 20^\circ\cos 40^\circ ~~ \frac18
"""),
    ("logarithm", True, "laws of logarithms", r"""
\log_2 8 ~~ 3
\log_{10} 1000 ~~ 3
\ln 6 ~~ \ln 2+\ln 3
\log 6 ~~ \log 2+\log 3
\frac{\ln 8}{\ln 2} ~~ 3
\log_4 8 ~~ \frac32
\log_2 3\cdot\log_3 4 ~~ 2
\ln\frac12 ~~ -\ln 2
\ln x^3 ~~ 3\ln x
\log_2 x ~~ \frac{\ln x}{\ln 2}
2\ln 3 ~~ \ln 9
\ln(2x) ~~ \ln 2+\ln x
\log_3 \sqrt{3} ~~ \frac12
e^{x\ln 2} ~~ 2^x
\lg 100 ~~ 2
\log_2(12) ~~ 2+\log_2 3
"""),
    ("logarithm", False, "another logarithm", r"""
\log_2 8 ~~ 4
\ln 2 ~~ \log_2 e
\ln 6 ~~ \ln 2\cdot\ln 3
\ln 2 ~~ 0.693147
\ln 5 ~~ \ln 2+\ln 3
\log_2 3 ~~ \log_3 2
\ln x ~~ \ln y
\ln(-1) ~~ 0
\ln(x+1) ~~ \ln x
"""),
    # ------------------------------------------------------------------ equations, inequalities
    ("equation", True, "a name before the equals sign is a label", r"""
x=5 ~~ 5
x = 5 ~~ x=5
5 = x ~~ 5
n = 12 ~~ 12
a+b = 7 ~~ 7
m + n = 34 ~~ 34
f(x) = x^2+1 ~~ x^2+1
f(2) = 7 ~~ 7
y = 2x + 3 ~~ 2x+3
AB = 5 ~~ 5
\angle ABC = 60^\circ ~~ 60
\text{Area} = 12 ~~ 12
x_1 = 3 ~~ 3
(x,y) = (1,2) ~~ (1,2)
\theta = \frac{\pi}{3} ~~ \frac{\pi}{3}
x = -2 ~~ -2
f(x) = x+1 ~~ y = x+1
x \approx 3.14 ~~ 3.14
\approx 3.14 ~~ 3.14
\sqrt2\approx 1.414 ~~ \sqrt2
x = \sqrt{2} \approx 1.41 ~~ \sqrt{2}
"""),
    ("named values", True, "names may be left out in a list, whose order is then theirs", r"""
x=1,y=2 ~~ 1,2
p = 3, q = 8 ~~ 3,8
a=2, b=-1, c=\frac12 ~~ 2, -1, 0.5
\text{length} = 5, \text{width} = 9 ~~ 5, 9
AB = 3, BC = 4 ~~ 3, 4
p=3 \text{ and } q=3 ~~ 3,3
x = 3, x = 8 ~~ 8, 3
"""),
    ("named values", False, "another order, another value, one too many", r"""
p = 3, q = 8 ~~ 8,3
x=2, y=1 ~~ 1,2
p = 3, q = 8 ~~ 3,9
p = 3, q = 8 ~~ 3
p = 3, q = 8 ~~ 8
p = 3, q = 8 ~~ 3,8,1
p = 3, q = 8 ~~ \{3,8\}
p = 3, q = 8 ~~ p=8, q=3
p = 3, q = 8 ~~ 38
"""),
    ("label", True, "longer names before the equals sign", r"""
AC^2 = 41 ~~ 41
R^2 = 13 ~~ 13
\frac{X(s)}{F(s)} = \frac{1}{ms^2+k} ~~ \frac{1}{k+ms^2}
|z|^2 = 13 ~~ 13
\overline{AB}^2 = 9 ~~ 9
AB + CD = 7 ~~ 7
\frac{a}{b} = \frac23 ~~ \frac23
\frac{Y(s)}{U(s)} = \frac{1}{s^2+1} ~~ \frac{1}{s^2+1}
\frac{dy}{dx} = 3x^2 ~~ 3x^2
\frac{d^2y}{dx^2} = 6x ~~ 6x
H(s) = \frac{Y(s)}{U(s)} = \frac{1}{s} ~~ \frac1s
f^{-1}(x) = \frac{x-1}{2} ~~ \frac{x-1}{2}
P(X = 2) = \frac{3}{8} ~~ \frac38
\sin^2 A = \frac34 ~~ 0.75
"""),
    ("label", False, "an equation is no name with a value", r"""
AC^2 = 41 ~~ \sqrt{41}
AC^2 = 41 ~~ 40
x^2 = 16 ~~ 16
x^2 = 16 ~~ 4
x^2+y^2 = 9 ~~ 9
(x-1)^2 = 9 ~~ 9
\frac{Y(s)}{U(s)} = \frac{1}{s+1} ~~ \frac{1}{s+2}
x = x^2 - 2 ~~ x^2-2
\frac{x}{2} = 3 ~~ 3
f^{-1}(x) = x+1 ~~ x-1
x^{-1}(x+1) ~~ x+1
"""),
    ("condition", True, "a condition on a letter of the answer may be left out", r"""
A = \frac{1}{4-w^2}, \quad \text{for } w^2 \neq 4 ~~ \frac{1}{4-w^2}
x^2 \text{ for } x > 0 ~~ x^2
\frac{1}{x} \text{ where } x \neq 0 ~~ \frac1x
f(x) = 2x \quad \forall x \in \mathbb{R} ~~ 2x
x = 3, \text{ where } x > 0 ~~ 3
2^{n-1}, \text{ if } n \ge 1 ~~ 2^{n-1}
k\pi, k \in \mathbb{Z} ~~ k\pi
2x e^{x} \quad (x > 0) ~~ 2xe^x
\sin 2t, \quad t \geq 0 ~~ \sin 2t
\frac{\pi}{4}+n\pi \ (n \in \mathbb{Z}) ~~ n\pi+\frac{\pi}{4}
\frac{1}{x}, x \ne 0 ~~ \frac{1}{x}
\frac{1}{4-w^2}, w^2 \neq 4 ~~ \frac{1}{4-w^2}
x^2 \text{ for } x > 0 ~~ x^2 \text{ where } 0 < x
y = x+1 \text{ for all } x ~~ x+1
"""),
    ("condition", False, "another answer, another condition, several cases", r"""
A = \frac{1}{4-w^2}, \quad \text{for } w^2 \neq 4 ~~ \frac{1}{4+w^2}
x^2 \text{ for } x > 0 ~~ x^3
x^2 \text{ for } x > 0 ~~ x^2 \text{ for } x < 0
k\pi, k \in \mathbb{Z} ~~ 2k\pi
x^2 \text{ for } x > 0 ~~ x > 0
7 \text{ if } n > 3 ~~ 7
x \text{ if } x > 0, -x \text{ if } x < 0 ~~ x
x \text{ if } x > 0, -x \text{ otherwise} ~~ x
x = 2 \text{ if } x > 0 \text{ or } x = 3 ~~ 2
x = 2, \text{ where } x = 3 ~~ 2
x \ne 1, x \ne 2 ~~ x \ne 1
"""),
    ("yes or no", True, "the answer to the question and its value", r"""
\text{Yes, } n=8 ~~ 8
\text{Yes, } n=8 ~~ n=8
\text{Yes, } n=8 ~~ \text{Yes}
Yes, n = 8 ~~ 8
Yes; 8 ~~ 8
\text{Yes, for } n = 8 ~~ 8
\text{No}, \frac12 ~~ 0.5
"""),
    ("yes or no", False, "another value, or the other word", r"""
\text{Yes, } n=8 ~~ 9
\text{Yes, } n=8 ~~ \text{No}
\text{Yes, } n=8 ~~ \text{No, } n=8
\text{Yes, } n=8 ~~ \text{Yes, } n=9
Yes or No, 8 ~~ Yes
Yes, 8 or 9 ~~ 8
Yes 8 ~~ Yes 9
"""),
    ("constant of integration", True, "its letter may be small or capital", r"""
\frac{1}{3}x + Ce^{-2x} ~~ \frac{x}{3}+ce^{-2x}
y = x^2 + C ~~ y = x^2+c
c_1 e^{x} + c_2 e^{-x} ~~ C_1e^x+C_2e^{-x}
"""),
    ("constant of integration", False, "any other letter, or another place", r"""
\frac{1}{3}x + Ce^{-2x} ~~ \frac{x}{3}+ce^{2x}
x^2 + C ~~ X^2+C
2C ~~ 2c
x^2 + C ~~ x^2
C x + c ~~ c x + C
c_1 e^{x} + c_2 e^{-x} ~~ C_1e^x+C_1e^{-x}
ax+C ~~ Ax+C
"""),
    ("equation", True, "a chain of equal values is one value", r"""
\frac12 = 0.5 ~~ 0.5
2+3 = 5 ~~ 5
x = \frac{10}{2} = 5 ~~ 5
\binom{5}{2} = 10 ~~ 10
2^3 = 8 ~~ 8
"""),
    ("equation", True, "equations that are rearranged", r"""
y = 2x + 3 ~~ 2x - y + 3 = 0
y = 2x + 3 ~~ y - 3 = 2x
y = -2x ~~ 2x+y=0
5x - 7y + 11z + 4 = 0 ~~ 5x-7y+11z=-4
5x - 7y + 11z + 4 = 0 ~~ -5x+7y-11z-4=0
5x - 7y + 11z + 4 = 0 ~~ 10x-14y+22z+8=0
\frac{x^2}{9}+\frac{y^2}{4}=1 ~~ 4x^2+9y^2=36
x^2+y^2=25 ~~ y^2 = 25 - x^2
(x-1)^2+(y+2)^2=9 ~~ x^2+y^2-2x+4y-4=0
y=\frac1x ~~ xy=1
2x = 10 ~~ x=5
x = 5 ~~ 5 = x
y = \sqrt{2}x ~~ \sqrt2 y = 2x
x=5, y=6 ~~ y=6, x=5
x = 2 \text{ and } y = 3 ~~ y=3, x=2
y - 1 = 3(x-2) ~~ y = 3x - 5
"""),
    ("equation", False, "another equation or value", r"""
x=5 ~~ 6
x=5 ~~ y=5
x=5 ~~ x=-5
y=2x+3 ~~ y=2x-3
y=2x+3 ~~ x=2y+3
y = 2x+3 ~~ 3x+2
y=2x+3 ~~ y=2x
5x - 7y + 11z + 4 = 0 ~~ 5x-7y+11z=4
5x - 7y + 11z + 4 = 0 ~~ 0
5x - 7y + 11z + 4 = 0 ~~ 5x - 7y + 11z + 4
x^2+y^2=25 ~~ x^2+y^2=5
x^2 = 4 ~~ x = 2
2x=10 ~~ 2
5 = 6 ~~ 5
5 = 6 ~~ 6
1/2 = 0.4 ~~ 0.5
x=5=6 ~~ 5
x = 5, y=6 ~~ x=6, y=5
x^2+y^2=25 ~~ 25
0=0 ~~ 1=1
5 \approx 6 ~~ 5
5 \approx 6 ~~ 6
\sqrt2\approx 1.5 ~~ \sqrt2
\sqrt2\approx 1.414 ~~ 1.414
"""),
    ("inequality", True, "flipped and rearranged", r"""
x > 5 ~~ 5 < x
x \ge 5 ~~ 5 \le x
x >= 5 ~~ x \geq 5
x ≥ 5 ~~ x\geqslant 5
2x > 10 ~~ x>5
-x < -5 ~~ x>5
x - 5 > 0 ~~ x > 5
-2\le x\le 7 ~~ 7 \ge x \ge -2
1 < x < 3 ~~ 3 > x > 1
x \ne 2 ~~ 2 \neq x
x > 5 ~~ (5,\infty)
x \le 0 ~~ (-\infty, 0]
-2\le x\le 7 ~~ [-2,7]
3 < x \le 4 ~~ (3,4]
x \in [-2,7] ~~ -2 \le x \le 7
x<2 or x>3 ~~ (-\infty,2)\cup(3,\infty)
x \ne 0 ~~ (-\infty,0)\cup(0,\infty)
x > y ~~ y < x
x+y \le 10 ~~ 10 \ge y+x
2x+4y<6 ~~ x+2y<3
a < b < c ~~ c > b > a
-\infty < x < 2 ~~ x<2
1 \le 2x+1 \le 5 ~~ [0,2]
x > \sqrt{8} ~~ x>2\sqrt2
"""),
    ("inequality", False, "another inequality", r"""
x>5 ~~ x<5
x>5 ~~ x\ge 5
x>5 ~~ 5
x>5 ~~ x=5
x > 5 ~~ x>6
x>5 ~~ y>5
-x<-5 ~~ x<5
-x<5 ~~ x<-5
3<x\le 4 ~~ 3\le x<4
1<x<3 ~~ 1<x<2
x\ne 2 ~~ x=2
x\le 0 ~~ (-\infty,0)
x<2 or x>3 ~~ 2<x<3
x<2 or x>3 ~~ (-\infty,2]\cup(3,\infty)
x+y<10 ~~ x+y>10
x > 2, x < 3 ~~ (2,3)
"""),
    # ------------------------------------------------------------------ intervals, sets, tuples
    ("interval", True, "the same interval", r"""
(3,4] ~~ (3, 4]
\left(\frac{3}{5},\frac{8}{3}\right] ~~ (0.6, 8/3]
(2,\infty) ~~ (2, +\infty)
(-\infty, 0] ~~ \left(-\infty,0\right]
x \in [-2,7] ~~ [-2,7]
(-\sqrt{3}, \sqrt{3}) ~~ (-\sqrt3,\sqrt3)
\left[ \frac{\pi^2}{8}, \frac{5 \pi^2}{4} \right] ~~ [\pi^2/8, 5\pi^2/4]
[0,1) ~~ [0, 2/2)
(2,inf) ~~ (2,\infty)
[2,∞) ~~ [2,\infty)
\mathbb{R} ~~ (-\infty,\infty)
x \in \mathbb{R} ~~ \mathbb{R}
\text{all real numbers} ~~ (-\infty, \infty)
\text{all real numbers} ~~ \mathbb{R}
\{x : x > 2\} ~~ (2,\infty)
\{x \mid 1 \le x < 3\} ~~ [1,3)
\{x\in\mathbb{R} : x > 2\} ~~ x>2
"""),
    ("interval", False, "another bracket or end point", r"""
(3,4] ~~ (3,4)
(3,4] ~~ [3,4]
[3,4) ~~ (3,4]
(3,4] ~~ (3,5]
(2,\infty) ~~ (-\infty,2)
(2,\infty) ~~ [2,\infty)
[0,1] ~~ (0,1)
[-2,7] ~~ [-7,2]
(-\sqrt3,\sqrt3) ~~ (-3,3)
[2,3] ~~ 2,3
\mathbb{R} ~~ \mathbb{Z}
\text{all real numbers} ~~ (0, \infty)
(0,1) ~~ [0,1)
(-\infty,\infty) ~~ [0,\infty)
[\pi^2/8,5\pi^2/4] ~~ [\pi/8,5\pi/4]
"""),
    ("union", True, "the same union", r"""
(0,9) \cup (9,36) ~~ (9,36)\cup(0,9)
(-\infty, 2) \cup (3, \infty) ~~ (-\infty,2) ∪ (3,∞)
[1,2]\cup[2,3] ~~ [1,3]
[1,2]\cup(2,3] ~~ [1,3]
(1,3)\cup(2,5) ~~ (1,5)
\mathbb{R}\setminus\{0\} ~~ (-\infty,0)\cup(0,\infty)
(-\infty,5]\cap[2,\infty) ~~ [2,5]
(2,12) \cup (12,102) ~~ (2,102)\setminus\{12\}
x \in (-\infty,-1)\cup(1,\infty) ~~ (-\infty,-1)\cup(1,\infty)
x < -1 \text{ or } x > 1 ~~ (-\infty,-1)\cup(1,\infty)
[1,2]\cup\{3\} ~~ \{3\}\cup[1,2]
(-\infty,1)\cup[1,\infty) ~~ \mathbb{R}
"""),
    ("union", False, "another union", r"""
(0,9)\cup(9,36) ~~ (0,36)
(0,9)\cup(9,36) ~~ (0,9]\cup(9,36)
(-\infty,2)\cup(3,\infty) ~~ (-\infty,3)\cup(2,\infty)
(-\infty,2)\cup(3,\infty) ~~ (2,3)
(2,12)\cup(12,102) ~~ (2,12)
(1,2)\cup(3,4) ~~ (1,2)\cap(3,4)
[1,2)\cup(2,3] ~~ [1,3]
\mathbb{R}\setminus\{0\} ~~ \mathbb{R}
"""),
    ("set", True, "order and repetition do not matter", r"""
\{1,2,3\} ~~ \{3,2,1\}
\{1,2\} ~~ 1,2
1,-2 ~~ -2,1
3, 5, 7 ~~ 7,5,3
-2,1 ~~ x = 1 \text{ or } x = -2
1,-2 ~~ x=1, x=-2
1, -2 ~~ 1 \text{ and } -2
1,2,3 ~~ 1, 2, and 3
\{1,1,2\} ~~ \{1,2\}
\frac12, 3 ~~ 3, 0.5
\{ \sqrt2, 1 \} ~~ \{1, \sqrt{2}\}
1;2 ~~ 1,2
(1,2),(3,4) ~~ (3,4),(1,2)
\{(1,2),(3,4)\} ~~ (3,4), (1,2)
\{5\} ~~ 5
x = 1, 2 ~~ 1, 2
A, C ~~ C, A
\text{A}, \text{C} ~~ A,C
\{x, y\} ~~ \{y,x\}
1{,}234, 5 ~~ 5, 1234
1, 234 ~~ 234, 1
\{1,234\} ~~ \{1, 234\}
x \in \{1,2\} ~~ 1,2
\emptyset ~~ \{\}
\emptyset ~~ \varnothing
\text{red}, \text{blue} ~~ \text{blue}, \text{red}
"""),
    ("set", False, "another element, one too many or too few", r"""
\{1,2,3\} ~~ \{1,2\}
\{1,2\} ~~ \{1,2,3\}
1,-2 ~~ 1,2
3,5,7 ~~ 3,5
3,5,7 ~~ 15
1,2 ~~ 1.2
1,2 ~~ 12
1,2 ~~ (1,2)
\{1,2\} ~~ (1,2)
\{1,2\} ~~ [1,2]
(1,2),(3,4) ~~ (1,2),(4,3)
1, 234 ~~ 1234
A, C ~~ A, B
\emptyset ~~ 0
\emptyset ~~ \{0\}
1,1,2 ~~ 1,2,2,3
"""),
    ("candidates", False, "several candidates in one box", r"""
5, 6 ~~ 5
5, 6 ~~ 6
5 \text{ or } 6 ~~ 5
5 or 6 ~~ 6
5 \text{ and } 6 ~~ 5
5; 6 ~~ 5
5 \quad 6 ~~ 5
5 \\ 6 ~~ 5
\{5,6\} ~~ 5
\{5, 6\} ~~ 6
x=5 \text{ or } x=6 ~~ 5
5 \pm 1 ~~ 6
\pm 5 ~~ 5
1,2,3,4,5,6,7,8,9 ~~ 5
5/6 \text{ or } 5 ~~ 5
5 \text{ (or } 6) ~~ 5
A, B ~~ A
A \text{ or } B ~~ B
(A) or (B) ~~ A
5 \lor 6 ~~ 5
5 | 6 ~~ 5
\begin{cases} 5 \\ 6 \end{cases} ~~ 5
5 \text{ if even}, 6 \text{ if odd} ~~ 5
\text{5 or 6} ~~ 5
5 \cup 6 ~~ 5
34, 35 ~~ 34
0,1,2,3,4 ~~ 3
"""),
    ("tuple", True, "ordered tuples and points", r"""
x=1, y=2 ~~ (1,2)
y=2, x=1 ~~ (1,2)
(3,\frac{\pi}{2}) ~~ \left( 3, \frac{\pi}{2} \right)
(6,31,-1) ~~ (6, 31, -1)
(-2,1) ~~ \left(-2, 1\right)
(\frac32, -13) ~~ (1.5,-13)
\left( \frac{3}{2}, -13 \right) ~~ (3/2,-13)
\langle 1,2,3\rangle ~~ (1,2,3)
(1,-16,-4,43) ~~ (1, -16, -4, 43)
(x+1, 2x) ~~ (1+x, 2 x)
\bigl(1,2\bigr) ~~ (1,2)
(a,b) = (3,4) ~~ (3,4)
(\sqrt{12}, 1) ~~ (2\sqrt3,1)
((1,2),3) ~~ ( (1,2), 3 )
(1,\{2,3\}) ~~ (1,\{3,2\})
(1,2,3,4,5) ~~ (1,2,3,4,5.0)
(0,0) ~~ (0, 0)
"""),
    ("tuple", False, "order counts, and so does every entry", r"""
x=1, y=2 ~~ (2,1)
x=1, x=2 ~~ (1,2)
x=1, y=2 ~~ [1,2]
(1,2) ~~ (2,1)
(-2,1) ~~ (2,1)
(6,31,-1) ~~ (6,31,1)
(6,31,-1) ~~ (6,31)
(1,2) ~~ (1,2,3)
(1,2) ~~ 1
(1,2) ~~ 3
(3,\frac{\pi}{2}) ~~ (3,\pi)
(1,2,3) ~~ [1,2,3]
(1,2,3) ~~ \{1,2,3\}
((1,2),3) ~~ (1,(2,3))
(8,-2) ~~ (8,2)
(15,-29) ~~ (-29,15)
(12,3) ~~ (1,23)
"""),
    ("matrix", True, "matrices and vectors", r"""
\begin{pmatrix} -1/3 \\ 2/3 \\ 5/3 \end{pmatrix} ~~ \begin{pmatrix} -\frac13 \\ \frac23 \\ \frac53 \end{pmatrix}
\begin{pmatrix} -1 & 0 \\ 0 & -1 \end{pmatrix} ~~ \begin{bmatrix} -1 & 0 \\ 0 & -1 \end{bmatrix}
\begin{pmatrix} -1 & 0 \\ 0 & -1 \end{pmatrix} ~~ -\begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}
\begin{pmatrix} 1/5 \\ -18/5 \end{pmatrix} ~~ \frac15\begin{pmatrix} 1 \\ -18 \end{pmatrix}
\begin{pmatrix} 1\\2\\3 \end{pmatrix} ~~ (1,2,3)
\begin{pmatrix} 1&2&3 \end{pmatrix} ~~ (1,2,3)
\begin{pmatrix} 1\\2 \end{pmatrix} ~~ \langle 1,2\rangle
\begin{pmatrix}1&2\\3&4\end{pmatrix} ~~ \left(\begin{array}{cc}1&2\\3&4\end{array}\right)
\begin{pmatrix}1&2\\3&4\end{pmatrix} ~~ \begin{pmatrix}1 & 2 \\ 3 & 4 \\ \end{pmatrix}
\left(\begin{matrix}1\\2\end{matrix}\right) ~~ \begin{bmatrix}1\\2\end{bmatrix}
\begin{vmatrix}1&2\\3&4\end{vmatrix} ~~ -2
\begin{pmatrix}1\\2\end{pmatrix}+t\begin{pmatrix}3\\4\end{pmatrix} ~~ \begin{pmatrix}1+3t\\2+4t\end{pmatrix}
\begin{pmatrix}\cos 60^\circ & 0\\0&1\end{pmatrix} ~~ \begin{pmatrix}1/2&0\\0&1\end{pmatrix}
\mathbf{v} = \begin{pmatrix}1\\2\end{pmatrix} ~~ \begin{pmatrix}1\\2\end{pmatrix}
\begin{pmatrix} 16/49 \\ 48/49 \\ 24/49 \end{pmatrix} ~~ \frac{8}{49}\begin{pmatrix} 2\\6\\3 \end{pmatrix}
"""),
    ("matrix", False, "another entry or another shape", r"""
\begin{pmatrix} -1 & 0 \\ 0 & -1 \end{pmatrix} ~~ \begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}
\begin{pmatrix}1&2\\3&4\end{pmatrix} ~~ \begin{pmatrix}1&3\\2&4\end{pmatrix}
\begin{pmatrix}1\\2\end{pmatrix} ~~ \begin{pmatrix}1&2\end{pmatrix}
\begin{pmatrix}1\\2\end{pmatrix} ~~ \begin{pmatrix}2\\1\end{pmatrix}
\begin{pmatrix}1\\2\end{pmatrix} ~~ \begin{pmatrix}1\\2\\3\end{pmatrix}
\begin{pmatrix}1\\2\end{pmatrix} ~~ (2,1)
\begin{pmatrix}1\\2\end{pmatrix} ~~ 1,2
\begin{pmatrix}1&2\\3&4\end{pmatrix} ~~ \begin{vmatrix}1&2\\3&4\end{vmatrix}
\begin{pmatrix}1&2\\3&4\end{pmatrix} ~~ (1,2,3,4)
\begin{pmatrix} -2 \\ -14 \\ -7 \end{pmatrix} ~~ \begin{pmatrix} 2 \\ 14 \\ 7 \end{pmatrix}
2\begin{pmatrix}1\\2\end{pmatrix} ~~ \begin{pmatrix}1\\2\end{pmatrix}
\begin{pmatrix}1&2\\3\end{pmatrix} ~~ \begin{pmatrix}1&2\\3&0\end{pmatrix}
"""),
    ("plus-minus", True, "both signs", r"""
1 \pm \sqrt{19} ~~ 1-\sqrt{19}, 1+\sqrt{19}
1 \pm \sqrt{19} ~~ 1 ± \sqrt{19}
\pm 5 ~~ 5, -5
\pm 5 ~~ \{-5,5\}
x = \pm 2 ~~ x = 2 \text{ or } x=-2
x = \pm 2 ~~ 2, -2
x = \pm 2 ~~ x=\pm\sqrt4
3 \pm 2 \sqrt{2} ~~ 3 \pm \sqrt{8}
\{1\pm\sqrt{5},-2\} ~~ -2, 1+\sqrt5, 1-\sqrt{5}
\frac{-1\pm i\sqrt3}{2} ~~ \frac{-1+i\sqrt3}{2}, \frac{-1-i\sqrt3}{2}
\pm 1, \pm 2 ~~ -2,-1,1,2
1 \pm \sqrt{19} ~~ 1 \mp \sqrt{19}
\pm\sqrt2\pm\sqrt3 ~~ \sqrt2+\sqrt3, \sqrt2-\sqrt3, -\sqrt2+\sqrt3,-\sqrt2-\sqrt3
\pm(1+\sqrt2) ~~ 1+\sqrt2,-1-\sqrt2
"""),
    ("plus-minus", False, "one sign only, or another value", r"""
1 \pm \sqrt{19} ~~ 1+\sqrt{19}
\pm 5 ~~ -5
1 \pm \sqrt{19} ~~ -1\pm\sqrt{19}
1\pm\sqrt{19} ~~ 1\pm\sqrt{17}
x=\pm 2 ~~ x=2
xy = \pm 2 ~~ x = 2 \text{ or } x=-2
x = \pm 2 ~~ y = 2, y = -2
\pm 1, 2 ~~ \pm 1, \pm 2
3\pm 2\sqrt2 ~~ 2\pm3\sqrt2
\pm 0 ~~ 1
(1,\pm 2) ~~ (1,2)
"""),
    # ------------------------------------------------------------------ words
    ("choice", True, "the same letter", r"""
\text{(C)} ~~ C
(C) ~~ C
C ~~ \text{C}
C. ~~ C
\textbf{(C)} ~~ \text{(C)}
\mathbf{C} ~~ C
\mathrm{(B)} ~~ (B)
(c) ~~ C
c ~~ C
\text{C)} ~~ (C)
\boxed{C} ~~ C
**C** ~~ C
\textbf{(E)} ~~ E
\text{(B) } 12 ~~ B
\textbf{(C) }12 ~~ 12
"""),
    ("choice", False, "another letter", r"""
C ~~ D
\text{(C)} ~~ (B)
\text{(E)} ~~ A
(A) ~~ B
C ~~ 3
\text{CD} ~~ C
ABC ~~ A
\text{Choice} ~~ C
\text{(B) } 12 ~~ C
\textbf{(C) }12 ~~ 13
"""),
    ("text", True, "words compare after normalisation", r"""
\text{Evelyn} ~~ Evelyn
\text{evelyn} ~~ Evelyn
\textbf{Evelyn} ~~ \text{Evelyn}
EVELYN ~~ evelyn
\text{ east } ~~ \text{east}
\text{ellipse} ~~ \text{an ellipse}
\text{the ellipse} ~~ ellipse
\text{even}. ~~ \text{even}
\text{Navin} ~~ \mbox{Navin}
\text{no solution} ~~ No solution
\text{no solution} ~~ \text{no  solutions}
\text{right triangle} ~~ right triangle
\text{non-linear} ~~ non linear
"Evelyn" ~~ Evelyn
\text{yes} ~~ Yes
\text{True} ~~ true
\text{No solution} ~~ \emptyset
\text{Monday} ~~ Monday.
\mathrm{odd} ~~ odd
\textit{Briana} ~~ briana
"""),
    ("text", False, "other words", r"""
\text{Evelyn} ~~ Briana
\text{east} ~~ west
\text{east} ~~ seat
east ~~ eats
\text{even} ~~ odd
even ~~ neve
\text{ellipse} ~~ \text{hyperbola}
\text{ellipse} ~~ \text{circle or ellipse}
\text{not even} ~~ even
\text{yes} ~~ no
\text{True} ~~ False
\text{Evelyn and Briana} ~~ Evelyn
\text{Evelyn} ~~ 5
\text{Eve} ~~ \text{Evelyn}
\text{parabola} ~~ x
\text{Monday} ~~ \text{Sunday}
"""),
    ("date", True, "the same date or time", r"""
\text{June 23} ~~ June 23
\text{June 23rd} ~~ June 23
23 June ~~ \text{June 23}
\text{Jun. 23} ~~ June 23
\text{March 5, 2004} ~~ March 5 2004
5 March 2004 ~~ March 5th, 2004
\text{Friday, May 13} ~~ May 13
\text{6:40 p.m.} ~~ 6:40 PM
6:40\text{ p.m.} ~~ \text{6:40 pm}
12:30 ~~ 12:30
"""),
    ("date", False, "another date or time", r"""
\text{June 23} ~~ June 24
\text{June 23} ~~ July 23
\text{June 23} ~~ 23
\text{March 5, 2004} ~~ March 5, 2005
\text{6:40 p.m.} ~~ 6:40 a.m.
6:40 ~~ 3:20
12:30 ~~ 12:31
\text{June 23 or 24} ~~ June 23
"""),
    ("base", True, "the same digits in the same base", r"""
x = 52_8 ~~ 52_8
52_8 ~~ 52_{8}
4210_{5} ~~ 4210_5
(1011)_2 ~~ 1011_2
1011_{\text{two}} ~~ 1011_2
2A_{16} ~~ 2A_{16}
2a_{16} ~~ 2A_{16}
0052_8 ~~ 52_8
52_{(8)} ~~ 52_8
52 \text{ base } 8 ~~ 52_8
52_{\text{eight}} ~~ 52_8
40_9 ~~ 40_{9}
\text{BEE}_{16} ~~ BEE_{16}
"""),
    ("base", False, "the base is part of the answer", r"""
52_8 ~~ 52_9
52_8 ~~ 53_8
52_8 ~~ 42
52_8 ~~ 52
1011_2 ~~ 11
1011_2 ~~ 1011_3
2A_{16} ~~ 42
204_5 ~~ 204_6
52_8 ~~ 25_8
4343_6 ~~ 4343
12_3 ~~ 12_{4}
"""),
    ("ratio", True, "ratios are quotients", r"""
3:4 ~~ 6:8
3:4 ~~ 3 : 4
1:2:3 ~~ 2:4:6
3:4 ~~ \frac34
1:\sqrt2 ~~ \sqrt2:2
"""),
    ("ratio", False, "another ratio", r"""
3:4 ~~ 4:3
1:2:3 ~~ 1:2:4
1:2:3 ~~ 1:2
3:4 ~~ 34
3:4 ~~ 7
"""),
    # ------------------------------------------------------------------ what is hard to read
    ("notation", True, "the same notation, also where it cannot be read as mathematics", r"""
\sum_{k=1}^{n} k^2 ~~ \sum_{k=1}^n k^{2}
\int_0^1 f(x)\,dx ~~ \int_{0}^{1} f(x) dx
\lim_{x \to 0} f(x) ~~ \lim_{x\to 0}f(x)
P(A|B) ~~ P(A | B)
\prod_{i = 1}^{n} (1 + x_i) ~~ \prod_{i=1}^n(1+x_{i})
\left\lfloor \frac{n}{2} \right\rfloor \pmod{m} ~~ \lfloor\frac n2\rfloor \pmod{m}
\operatorname{Var}(X) \mapsto \sigma^{2} ~~ \operatorname{Var}(X)\mapsto\sigma^2
\begin{cases} x & x > 0 \\ -x & x \le 0 \end{cases} ~~ \begin{cases}x & x>0 \\ -x & x\le 0\end{cases}
"""),
    ("notation", False, "spaces and braces that carry a meaning", r"""
\sum_{k=1}^{n} k^2 ~~ \sum_{k=1}^{n} k^3
\sum_{k=1}^{n} k ~~ \sum_{k=0}^{n} k
\lim_{x\to 0} f(x) ~~ \lim_{x\to 1} f(x)
P(A|B) ~~ P(B|A)
\prod_{i=1}^{12} i ~~ \prod_{i=1}^{1}2 i
\sum 1 2 ~~ \sum 12
\int_0^1 f ~~ \int_0^2 f
"""),
    ("grammar", True, "a number after a closing parenthesis or a power is a factor", r"""
(n-3)4^n+2 ~~ 2+(n-3)\cdot 4^{n}
(n-1) 2^{n}+1 ~~ 2^n n-2^n+1
(x+1)3 ~~ 3x+3
2^{n}3^{m} ~~ 3^m\cdot 2^n
2^{3}5^{2} ~~ 200
\left(a+1\right)5^{k} ~~ 5^k a+5^k
"""),
    ("grammar", True, "letters with an index, recurrences, marks", r"""
x_{n+1}=3x_n ~~ x_{1+n} = 3 x_{n}
a_{n} = a_{n-1}+a_{n-2} ~~ a_n-a_{n-1}=a_{n-2}
a_{n+1} = 2a_n + 1 ~~ a_{n+1}=1+2a_{n}
T_{\text{max}} ~~ T_{\mathrm{max}}
T_{max} ~~ T_{ max }
M_{\odot} ~~ M_\odot
5 M_{\odot} ~~ 5M_\odot
2R_\oplus ~~ R_{\oplus}\cdot 2
x_{i,j}+1 ~~ 1+x_{i, j}
\vec{v}_1+\vec{v}_2 ~~ \vec{v}_{2}+\vec{v}_{1}
x_1^2+x^2_2 ~~ x_2^2+x_1^{2}
e_1+e_2 ~~ e_2+e_1
g^{\prime}(x) = 3x^2 ~~ 3x^2
f''(x) ~~ f^{\prime\prime}(x)
y'' + y = 0 ~~ y^{\prime \prime}+y=0
x^*+1 ~~ 1+x^{*}
\frac{\partial f}{\partial x} ~~ \frac{\partial f}{\partial x}
\vartheta+1 ~~ 1+\vartheta
A \subseteq B ~~ A\subseteq B
A \perp B ~~ A\perp B
\forall x \exists y ~~ \forall x\,\exists y
1, 2, 3, \ldots ~~ 1,2,3,\dots
1,3,5,...,2n-1 ~~ 1, 3, 5, \cdots, 2n-1
\{0,1,\dots,n\} ~~ \{0, 1, \ldots, n\}
3 \colon 4 ~~ 3:4
f\colon x \mapsto x^2 ~~ f: x\mapsto x^2
\begin{pmatrix} 1 & 2 \\ \hline 3 & 4 \end{pmatrix} ~~ \begin{pmatrix}1&2\\3&4\end{pmatrix}
"""),
    ("grammar", False, "another index, mark or order", r"""
x_{n+1}=3x_n ~~ x_{n+1}=2x_n
x_{n+1}=3x_n ~~ x_{n-1}=3x_n
x_{n+1} ~~ x_n+1
a_{12} ~~ a_{21}
x_{i,j} ~~ x_{j,i}
M_{\odot} ~~ M_\oplus
5M_\odot ~~ 5
T_{max} ~~ T_{min}
f'(x) ~~ f(x)
f''(x) ~~ f'(x)
x^* ~~ x
A \subseteq B ~~ B \subseteq A
A \subseteq B ~~ A \supseteq B
A \implies B ~~ B \implies A
\forall x \exists y ~~ \exists y \forall x
\frac{\partial f}{\partial x} ~~ \frac{f}{x}
a \star b ~~ b \star a
1,2,\dots,n ~~ 2,1,\dots,n
1,2,\dots,n ~~ 1,2,n
1+2+\dots+n ~~ 3+\dots+n
(n-3)4^n ~~ (n-3)^{4n}
(2)3 ~~ 23
2^{n}3 ~~ 2^{3n}
2 3 ~~ 6
\unknown{5}{6} ~~ \unknown{6}{5}
北东 ~~ 东北
"""),
    ("grammar", True, "binomials are quotients of factorials", r"""
\binom{n}{k} ~~ \frac{n!}{k!(n-k)!}
\binom{2n}{n} ~~ \frac{(2n)!}{(n!)^2}
\binom{n}{2} ~~ \frac{n(n-1)}{2}
\frac{(n+2)!}{n!} ~~ (n+1)(n+2)
\binom{n}{k} ~~ \binom{n}{n-k}
\binom{n+1}{k} ~~ \binom{n}{k}+\binom{n}{k-1}
\frac{1}{n+1}\binom{2n}{n} ~~ \frac{(2n)!}{n!(n+1)!}
n\cdot (n-1)! ~~ n!
"""),
    ("grammar", False, "other binomials and factorials", r"""
\binom{n}{k} ~~ \frac{n!}{k!}
\binom{n}{k} ~~ \binom{n}{k+1}
\binom{2n}{n} ~~ \binom{n}{2n}
\frac{(n+2)!}{n!} ~~ n(n+1)
(2n)! ~~ 2n!
(n+1)! ~~ n!+1
\binom{n}{3} ~~ \frac{n(n-1)(n-2)}{3}
"""),
    ("grammar", True, "the gap after a row of a matrix", r"""
\begin{pmatrix}1\\[4pt]2\end{pmatrix} ~~ \begin{pmatrix}1\\2\end{pmatrix}
\begin{bmatrix} 1/2 & 0 \\[0.5em] 0 & 3 \end{bmatrix} ~~ \begin{bmatrix}\frac12&0\\0&3\end{bmatrix}
\begin{pmatrix}1\\[-2mm]2\end{pmatrix} ~~ (1,2)
"""),
    ("grammar", False, "a row in brackets is no gap", r"""
\begin{pmatrix}1\\[2]\end{pmatrix} ~~ \begin{pmatrix}1\\3\end{pmatrix}
\begin{pmatrix}1\\[4pt]2\end{pmatrix} ~~ \begin{pmatrix}1\\4\\2\end{pmatrix}
"""),
    ("integer", False, "a comma that groups no thousands", r"""
3,2349 ~~ 32349
1234,567 ~~ 1234567
1,234,56 ~~ 123456
12,3456 ~~ 123456
0.123,456 ~~ 0.123456
1,23,456 ~~ 123456
"""),
    # ------------------------------------------------------------------ looks
    ("style", True, "commands that only change the look", r"""
\displaystyle 5 ~~ 5
\mathbf{5} ~~ 5
\boldsymbol{5} ~~ 5
\color{red}5 ~~ 5
\textcolor{blue}{5} ~~ 5
\text{5} ~~ 5
\mathrm{5} ~~ 5
\left(5\right) ~~ 5
\!5 ~~ 5
\quad 5 ~~ 5
\boxed{5} ~~ 5
{\bf 5} ~~ 5
**5** ~~ 5
\underline{5} ~~ 5
$\frac{1}{2}$. ~~ 0.5
\frac{1}{2}, ~~ 1/2
5. ~~ 5
5; ~~ 5
5 . ~~ 5
５ ~~ 5
−5 ~~ -5
3×4 ~~ 12
\large 5 ~~ 5
\hspace{1cm}5 ~~ 5
\bigl(\tfrac12\bigr) ~~ 1/2
\mathit{x} ~~ x
\ensuremath{5} ~~ 5
\textstyle\frac12 ~~ 0.5
"""),
    ("style", False, "style never hides a difference", r"""
\color{red}5 ~~ 6
\mathbf{5} ~~ 50
\phantom{1}5 ~~ 15
\text{5}6 ~~ 5
\overline{z} ~~ z
\hat{x} ~~ x
\vec{v} ~~ v
5\text{x} ~~ 5
\underline{5}5 ~~ 5
٣ ~~ 3
х ~~ x
5\u200b5 ~~ 55
"""),
    # ------------------------------------------------------------------ of the kinds that real responses showed
    ("notation", True, "what is not read, or read in part, compares in a compact notation", r"""
2M_{\oplus} ~~ 2 M_\oplus
a_{1},a_{2},\ldots,a_{n} ~~ a_1, a_2, \dots, a_n
\forall x\in\mathbb{R} ~~ \forall x \in \mathbb{R}
y^{\prime\prime}=3 ~~ y''=3
f^{\prime}(0) ~~ f'(0)
\left(\frac{a}{b}\right)^{n} ~~ (\frac{a}{b})^n
x \equiv 3 \pmod{7} ~~ x\equiv 3\pmod 7
\lim_{x\to 0} f(x) ~~ \lim_{x \to 0}f(x)
\int_0^1 x\,dx ~~ \int_{0}^{1} x \, dx
\sum_{k=1}^{n} a_k ~~ \sum_{k=1}^n a_k
\vec{a}\cdot\vec{b} ~~ \vec a \cdot \vec b
\mathrm{d}x/\mathrm{d}t ~~ dx/dt
A\cup B ~~ A \cup B
"""),
    ("notation", False, "what is not read, or read in part, compares in a compact notation", r"""
x \equiv 3 \pmod{7} ~~ x\equiv 4\pmod 7
\exists x ~~ \forall x
2M_{\oplus} ~~ 3 M_\oplus
f''(0) ~~ f'(0)
\sum_{k=1}^{n} a_k ~~ \sum_{k=0}^n a_k
"""),
    ("product", True, "a number after a closing parenthesis is a factor", r"""
(n+1)2^n ~~ 2^{n}(n+1)
(k-1)3^k+1 ~~ 1+3^k(k-1)
(a+b)7 ~~ 7a+7b
(2n-1)(n+1)!5 ~~ 5(2n-1)(n+1)!
\frac{(n-1)3^{n+1}+3}{4} ~~ \frac{3+(n-1)3^{n+1}}{4}
"""),
    ("product", False, "a number after a closing parenthesis is a factor", r"""
(n+1)2^n ~~ (n+1)2n
(n-3)4^n ~~ (n-3)4n
(n+1)2^{n} ~~ (n+1)2^{n}+1
"""),
    ("letters", True, "letters of other alphabets and commands stand for themselves", r"""
\mathcal{L}+1 ~~ 1+\mathcal{L}
\kappa\heartsuit ~~ \heartsuit\kappa
2\zeta(3) ~~ \zeta(3)\cdot 2
3\ell ~~ \ell\cdot 3
\Re(z)+1 ~~ 1+\Re(z)
\mathscr{F}+1 ~~ 1+\mathscr{F}
\hbar\omega/2 ~~ \frac{1}{2}\hbar\omega
"""),
    ("letters", False, "letters of other alphabets and commands stand for themselves", r"""
\mathcal{L}+1 ~~ \mathcal{M}+1
"""),
    ("index", True, "indices are names, recurrences are equations", r"""
a_{n+1}=3a_n+2 ~~ a_{n+1} = 2 + 3a_{n}
F_{n+2} = F_{n+1}+F_n ~~ F_{n+2}=F_n+F_{n+1}
u_{k-1}+u_k ~~ u_k+u_{k-1}
x_{1}x_{2} ~~ x_2x_1
v_{\text{max}} t ~~ tv_{\text{max}}
v_{\max} t ~~ tv_{\max}
k_{B}T ~~ Tk_B
E_{\mathrm{k}}+m ~~ m+E_k
"""),
    ("index", False, "indices are names, recurrences are equations", r"""
a_{n+1}=3a_n ~~ a_{n}=3a_{n+1}
a_{2n}+1 ~~ 1+a_{n}
a_{n-1} ~~ a_{n+1}
T_{i,j}+1 ~~ 1+T_{ij}
"""),
    ("binomial", True, "binomials against factorials and polynomials", r"""
\binom{2n}{n} ~~ \frac{(2n)!}{(n!)^2}
\binom{n}{2} ~~ \frac{n(n-1)}{2}
\frac{(n+2)!}{2!\,n!} ~~ \binom{n+2}{2}
{n \choose 3} ~~ \frac{n(n-1)(n-2)}{6}
\binom{n+1}{k} ~~ \frac{(n+1)!}{k!(n+1-k)!}
\binom{n}{k} ~~ \binom{n}{n-k}
\frac{1}{n+1}\binom{2n}{n} ~~ \frac{(2n)!}{n!(n+1)!}
"""),
    ("binomial", False, "binomials against factorials and polynomials", r"""
\binom{n}{k} ~~ \frac{n!}{k!}
\binom{2n}{n} ~~ \frac{(2n)!}{n!}
\binom{n}{2} ~~ \frac{n(n+1)}{2}
"""),
    ("matrix", True, "ends of rows with and without a skip", r"""
\begin{bmatrix} 1 & 2 \\[4pt] 3 & 4 \end{bmatrix} ~~ \begin{bmatrix}1&2\\3&4\end{bmatrix}
\begin{pmatrix} 1/2 \\[0.5em] 3 \end{pmatrix} ~~ \begin{pmatrix}\frac12\\3\end{pmatrix}
\begin{pmatrix} 5 \\*[2mm] 3 \end{pmatrix} ~~ \begin{pmatrix}5\\3\end{pmatrix}
\begin{pmatrix} 5 \cr 3 \end{pmatrix} ~~ \begin{pmatrix}5\\3\end{pmatrix}
\begin{pmatrix} 5 \\ 3 \\ \end{pmatrix} ~~ \begin{pmatrix}5\\3\end{pmatrix}
\begin{array}{c} 5 \\[-1ex] 3 \end{array} ~~ \begin{array}{c}5\\3\end{array}
\begin{bmatrix} 1 & 2 \\\hline 3 & 4 \end{bmatrix} ~~ \begin{bmatrix}1&2\\3&4\end{bmatrix}
"""),
    ("matrix", False, "ends of rows with and without a skip", r"""
\begin{pmatrix} 5 \\[2mm] 3 \end{pmatrix} ~~ \begin{pmatrix}3\\5\end{pmatrix}
\begin{pmatrix} 5 \\[2mm] 3 \end{pmatrix} ~~ \begin{pmatrix}5\\23\end{pmatrix}
"""),
    ("ratio", True, "a colon by its command", r"""
\{x\colon x>2\} ~~ (2,\infty)
3\colon 4 ~~ 3:4
1\colon2\colon3 ~~ 1:2:3
f\colon x\mapsto 2x ~~ f: x \mapsto 2x
2\colon 6 ~~ 1/3
"""),
    ("ratio", False, "a colon by its command", r"""
3\colon 4 ~~ 4:3
"""),
    ("integer", False, "groups of digits that are thousands, and groups that are none", r"""
12,34 ~~ 1234
1,23 ~~ 123
12,345,67 ~~ 1234567
1,2345 ~~ 12345
1234,567 ~~ 1234567
0,500 ~~ 500
0,5 ~~ 5
3{,}2349 ~~ 32349
3\,2349 ~~ 32349
32 34 ~~ 3234
1'234 ~~ 1234
3.234,5 ~~ 3234.5
"""),
    ("integer", True, "groups of digits that are thousands, and groups that are none", r"""
12,345,678 ~~ 12345678
3{,}234 ~~ 3234
3\,234 ~~ 3234
3 234 567 ~~ 3234567
"""),
    ("list", True, "named values in order", r"""
p=5, q=9 ~~ 5,9
a = 1, b = 2, c = 3 ~~ 1,2,3
m=7,\ n=4 ~~ 7,4
(p,q) = (5,9) ~~ (5,9)
(p,q) = (5,9) ~~ 5,9
p=5 \text{ and } q=9 ~~ 5,9
p=5, q=9 ~~ (5,9)
p = 5; q = 9 ~~ 5,9
x=3,y=4 ~~ (3,4)
y=4,x=3 ~~ (3,4)
p=5,q=9 ~~ q=9,p=5
\alpha = \frac12, \beta = 3 ~~ \frac{1}{2}, 3
x_1=2, x_2=5 ~~ 2,5
A=30^\circ, B=60^\circ ~~ 30,60
"""),
    ("list", False, "named values in order", r"""
p=5, q=9 ~~ 9,5
a = 1, b = 3, c = 2 ~~ 1,2,3
y=3,x=4 ~~ (3,4)
p=5,q=9 ~~ p=9,q=5
p=5, q=9, r=1 ~~ 5,9
"""),
    ("ordinal", True, "ordinals are their numbers", r"""
9^{\text{th}} ~~ 9
21^{st} ~~ 21
3\text{rd} ~~ 3
2^{\mathrm{nd}} \text{ place} ~~ 2
100^\text{th} ~~ 100
5^{\text{th}} \text{ day} ~~ 5
9^{\textsuperscript{th}} ~~ 9
9\textsuperscript{th} ~~ 9
\text{9th} ~~ 9
1/5^{th} ~~ 1/5
"""),
    ("ordinal", False, "ordinals are their numbers", r"""
9^{\text{th}} ~~ 8
12^{th} ~~ 1
"""),
    ("unit", True, "units of chemistry and physics", r"""
18.0 \text{ g/mol} ~~ 18.0
5 \text{ kg m}^{-2} ~~ 5
5 \text{ kg}\cdot\text{m}^{-3} ~~ 5
5.0\ \mathrm{\AA} ~~ 5.0
4\,\text{N}\cdot\text{m} ~~ 4
12\ \frac{\text{m}}{\text{s}} ~~ 12
12\,\mathrm{m/s} ~~ 12
9.8\ \mathrm{m\,s^{-2}} ~~ 9.8
3\times10^{8}\ \mathrm{m/s} ~~ 3\times 10^8
6.6\times 10^{-34}\text{ J s} ~~ 6.6e-34
1.5\ \text{mol/L} ~~ 1.5
2\,\mu\text{m} ~~ 2
2\ \mu m ~~ 2
10\ \text{erg/s/cm}^2 ~~ 10
10 \text{ erg s}^{-1}\text{cm}^{-2} ~~ 10
500\text{ nm} ~~ 500
20^\circ\text{C} ~~ 20
300\text{ K} ~~ 300
2.5 \text{ kJ/mol} ~~ 2.5
4.2\ \mathrm{J\,g^{-1}\,K^{-1}} ~~ 4.2
5\text{ A} ~~ 5
5 \Omega ~~ 5
5\ \text{k}\Omega ~~ 5
60\text{ km/h} ~~ 60
60\text{ mph} ~~ 60
15\text{ cm}^2 ~~ 15
15\text{ square units} ~~ 15
15 \text{ cubic feet} ~~ 15
\$15 ~~ 15
15\text{ dollars} ~~ 15
15\text{ eV} ~~ 15
3.0\text{ rad/s} ~~ 3.0
1.0\text{ atm} ~~ 1.0
7.0 \mathrm{~g} / \mathrm{mol} ~~ 7.0
12 \mathrm{~cm} ~~ 12
12~\mathrm{km}\,\mathrm{s}^{-1} ~~ 12
4\text{ AU} ~~ 4
3 \text{ pc} ~~ 3
3\text{ Gyr} ~~ 3
8 \text{ Mpc} ~~ 8
100\text{ W/m}^2 ~~ 100
100\text{ W m}^{-2}\text{ sr}^{-1} ~~ 100
5\text{ dB} ~~ 5
5\text{ bits} ~~ 5
2 \text{ V/m} ~~ 2
2\text{ S/m} ~~ 2
2\text{ lm} ~~ 2
2\text{ Torr} ~~ 2
2\text{ ppm} ~~ 2
2\text{ rpm} ~~ 2
2\text{ mmHg} ~~ 2
2\text{ psi} ~~ 2
14\text{ years old} ~~ 14
14\text{ people per square mile} ~~ 14
"""),
    ("unit", False, "units of chemistry and physics", r"""
15\text{ g/mol} ~~ 16
5\text{ m} ~~ 6
5\text{ kg} ~~ 5\text{ g}
5\text{ m/s} ~~ 5\text{ s/m}
5 \text{ kg m}^{-2} ~~ 5 \text{ kg m}^{2}
"""),
    ("label", True, "names before an equals sign", r"""
BC^2 = 23 ~~ 23
AB^2=41 ~~ 41
R^2=13 ~~ 13
|z|^2 = 25 ~~ 25
\sin^2 A = \frac14 ~~ \frac14
AM \cdot MB = 12 ~~ 12
S_{ABC} = 6 ~~ 6
\angle ABC = 30^\circ ~~ 30
m\angle A = 30 ~~ 30
[ABC]=6 ~~ 6
|AB| = 5 ~~ 5
P(A\cap B)=\frac13 ~~ \frac13
f(2)+f(3)=7 ~~ 7
\frac{a}{b}=\frac23 ~~ \frac23
\frac{V_o(s)}{V_i(s)} = \frac{1}{s+2} ~~ \frac1{s+2}
G(s)=\frac{C(s)}{R(s)}=\frac{1}{s+1} ~~ \frac{1}{s+1}
\text{Area}=12 ~~ 12
\text{Total} = 12 ~~ 12
\mathbb{E}[X]=3 ~~ 3
E[X]=3 ~~ 3
\overline{AB}=5 ~~ 5
\text{Var}(X) = 4 ~~ 4
N_{\text{total}}=12 ~~ 12
\tan\theta=2 ~~ 2
\lim_{n\to\infty} a_n=2 ~~ 2
\int_0^1 f = 2 ~~ 2
\sum_{k=1}^{3} k=6 ~~ 6
V=\frac43\pi r^3 ~~ \frac43\pi r^3
y = 2x+1 ~~ 2x+1
2x+1 = y ~~ 2x+1
abc=30 ~~ 30
\triangle ABC = 6 ~~ 6
AB=CD=5 ~~ 5
x = y = 5 ~~ 5
x+y = 7 ~~ 7
\frac{AB}{BC}=2 ~~ 2
"""),
    ("label", False, "names before an equals sign", r"""
a^2+b^2=25 ~~ 24
x^2=4 ~~ 4
x=5 ~~ 6
AB^2=41 ~~ 42
"""),
    ("condition", True, "a condition after the answer", r"""
\frac1x, x\neq0 ~~ \frac1x
A = \frac{1}{9-w^2}, \quad \text{for } w^2 \neq 9 ~~ \frac{1}{9-w^2}
2^n \text{ for all } n\ge1 ~~ 2^n
\frac{x+1}{x-1}\ (x\ne 1) ~~ \frac{x+1}{x-1}
k\pi,\ k\in\mathbb{Z} ~~ k\pi
\frac{\pi}{4}+n\pi \text{ where } n \text{ is an integer} ~~ \frac{\pi}{4}+n\pi
x^2 \text{ when } x\ge0 ~~ x^2
ce^{x} \text{ for some constant } c ~~ ce^x
n^2+1, \quad n \in \mathbb{N} ~~ n^2+1
f(x)=x^2 \quad \forall x\in\mathbb{R} ~~ x^2
f(x) = ax \text{ for any } a\in\mathbb R ~~ ax
\frac{1}{n}, \text{ provided } n>0 ~~ \frac1n
\frac{1}{n} \text{ provided that } n>0 ~~ \frac1n
e^{-t}, t\geq 0 ~~ e^{-t}
\frac{\pi}{3} + 2k\pi \;(k\in\mathbb{Z}) ~~ \frac{\pi}{3} + 2k\pi
"""),
    ("condition", False, "a condition after the answer", r"""
x^2,x>0 ~~ x^3
e^{-t}u(t), t\geq 0 ~~ e^{-t}
x>0 ~~ x>1
"""),
    ("yes", True, "Yes or No before a value", r"""
\text{Yes, } n=6 ~~ 6
\text{Yes}, n = 6 ~~ 6
Yes, 6 ~~ 6
\text{No}, x=3 ~~ 3
\text{Yes, }n=6 ~~ \text{Yes}
\text{Yes; } n=6 ~~ 6
\text{Yes: } 6 ~~ 6
\text{Yes}\ (n=6) ~~ 6
\text{Yes, for } n=6 ~~ 6
\text{yes} ~~ \text{Yes}
"""),
    ("yes", False, "Yes or No before a value", r"""
\text{Yes, }n=6 ~~ \text{No}
\text{Yes, } n=6 ~~ 7
\text{Yes} ~~ 6
\text{No, } n=6 ~~ \text{Yes, } n=6
\text{True} ~~ \text{False}
"""),
    ("root", True, "quotients under and over roots", r"""
\frac{\sqrt{x+2}}{\sqrt{x}} ~~ \sqrt{1+\frac{2}{x}}
\sqrt{\frac{n}{n+1}} ~~ \frac{\sqrt n}{\sqrt{n+1}}
\sqrt{\frac{a^2+b^2}{4}} ~~ \frac{\sqrt{a^2+b^2}}{2}
\frac{1}{\sqrt{1+\frac1n}} ~~ \frac{\sqrt n}{\sqrt{n+1}}
\sqrt{2}\sqrt{x} ~~ \sqrt{2x}
"""),
    ("root", False, "quotients under and over roots", r"""
\sqrt{\frac{x+1}{x^2}} ~~ \frac{\sqrt{x+1}}{x}
\sqrt{x^2+1} ~~ x+1
\sqrt{1+\frac1n} ~~ \frac{\sqrt{n}+1}{\sqrt n}
\sqrt{\frac{n+1}{n}} ~~ \frac{\sqrt{n+1}}{n}
"""),
    ("constant", True, "constants of integration", r"""
x^2+c ~~ x^2+C
C_1e^{x}+C_2e^{-x} ~~ c_1e^x+c_2e^{-x}
\ln|x|+C ~~ \ln|x|+c
Ce^{-t}+t ~~ t+ce^{-t}
\frac{x^3}{3}+c ~~ \frac{x^3}{3}+C
"""),
    ("constant", False, "constants of integration", r"""
x^2+C ~~ x^2
c+1 ~~ C+1
3R^2 ~~ 3r^2
Cx+c ~~ cx+C
"""),
    ("function", False, "values of functions are no products", r"""
f(0) ~~ 0
f'(0) ~~ f''(0)
f(1) ~~ f
f(4) ~~ 2f(2)
g(0)+3 ~~ 3
P(0) ~~ 0
f(3) ~~ 3f
\frac{dy}{dx} ~~ \frac yx
f(-x) ~~ -f(x)
f^{-1}(2) ~~ 2f^{-1}
f(a)g(b) ~~ f(b)g(a)
\ln(0) ~~ 0
"""),
    ("function", True, "values of functions are no products", r"""
f(2) ~~ f(2)
f(2)+1 ~~ 1+f(2)
n(n+1) ~~ n^2+n
f(x)+1 ~~ 1+f(x)
y(0)=0 ~~ 0
f(0)=3 ~~ 3
T(2)=5 ~~ 5
"""),
    ("integer", False, "no number begins with a group of zeros", r"""
01,234 ~~ 1234
0 500 ~~ 500
0{,}500 ~~ 500
1,23,456 ~~ 123456
"""),
    ("integer", True, "no number begins with a group of zeros", r"""
-1,234 ~~ -1234
1,234.5 ~~ 1234.5
1,000,000 ~~ 10^6
025 ~~ 25
"""),
    ("list", False, "chains of names and values with names hold one value", r"""
x = y = 5 = 6 ~~ 5
AB = 5, CD = 6 ~~ 5
\sum_{k=1}^3 k = 6 = 7 ~~ 6
P(A)=\frac13, P(B)=\frac12 ~~ \frac13
E[X]=3 \text{ or } 4 ~~ 3
P(A) = 3 ~~ P(B) = 3
\mathbb{E}[X]=3 ~~ \mathbb{E}[X^2]=3
\int_0^1 f = 2 ~~ \int_0^2 f = 2
\sum_{k=1}^{3} k ~~ 6
\int_0^1 x dx ~~ \frac12
\lim_{x\to0} \frac{\sin x}{x} ~~ 1
\text{Area}(ABC)=6 ~~ 7
y=x=5 ~~ x
(p,q)=(9,5) ~~ 5,9
(p,q)=(5,9) ~~ (9,5)
(p,q,r)=(5,9) ~~ 5,9
(p,p)=(5,9) ~~ 5,9
"""),
    ("list", True, "chains of names and values with names hold one value", r"""
\text{Area}(ABC)=6 ~~ 6
\sum=6 ~~ 6
f(2)+g(3)=7 ~~ 7
(x,y)=(1,2),(3,4) ~~ (1,2),(3,4)
"""),
    ("function", True, "braces end the argument of a named function", r"""
\sin{x}y ~~ y\sin x
\sin{2x} ~~ \sin 2x
\ln{x}+1 ~~ 1+\ln x
\log_{2}{8} ~~ 3
"""),
    ("function", False, "braces end the argument of a named function", r"""
\sin{x}y ~~ \sin{xy}
a_{1}2 ~~ a_{12}
1_{1}2 ~~ 1_{12}
"""),
    ("function", False, "functions in products and quotients", r"""
f(x)=f(-x) ~~ f(x)=-f(-x)
\frac{f(x)}{g(x)} ~~ \frac{g(x)}{f(x)}
f'(x) ~~ f(x)
f(g(x)) ~~ g(f(x))
P(x+1) ~~ P(x)+P(1)
P(1)+P(2) ~~ P(3)
\frac{d^2y}{dx^2} ~~ \frac{y}{x^2}
\frac{dy}{dx} ~~ \frac{dx}{dy}
dy/dx ~~ y/x
"""),
    ("function", True, "functions in products and quotients", r"""
f(x) = x^2 ~~ x^2
f(3)=9 ~~ 9
2f(x) ~~ f(x)\cdot 2
\frac{1}{f(x)} ~~ f(x)^{-1}
f'(x)g(x)+f(x)g'(x) ~~ g(x)f'(x)+g'(x)f(x)
f(x)^2 ~~ (f(x))^2
Q(t)=CV ~~ CV
F(x)+C ~~ F(x)+c
f(n)=2f(n-1) ~~ f(n) = 2 f(n-1)
dy/dx = 2x ~~ 2x
\frac{d}{t} ~~ \frac{d}{t}
\frac{2d}{t} ~~ 2\frac dt
\frac{d}{2t} ~~ \frac{d}{t}\cdot\frac12
\frac{dx}{dt} ~~ \frac{dx}{dt}
\frac{ad}{bd} ~~ \frac ab
\frac{d_1}{d_2} ~~ \frac{d_1}{d_2}
\frac{d}{d_2}+1 ~~ 1+\frac{d}{d_2}
"""),
    ("congruence", True, "congruences compare by their notation", r"""
x \equiv 3 \pmod{7} ~~ x \equiv 3 \mod 7
3 \pmod 7 ~~ 3 \bmod 7
x \equiv 3 \ (\text{mod } 7) ~~ x\equiv3\pmod{7}
x \equiv 3 (mod 7) ~~ x\equiv 3 \pmod 7
\text{modern} ~~ \text{modern}
"""),
    ("congruence", False, "congruences compare by their notation", r"""
x \equiv 3 \pmod{7} ~~ x \equiv 3 \pmod{8}
17 \bmod 5 ~~ 2
"""),
    ("notation", False, "braces that carry a meaning stay", r"""
\sqrt{2}3 ~~ \sqrt{23}
\bar{x}y ~~ \bar{xy}
\vec{a}b ~~ \vec{ab}
x^{2}3 ~~ x^{23}
\frac{1}{2}3 ~~ \frac{1}{23}
\sqrt{a}b ~~ \sqrt{ab}
"""),
    ("notation", True, "braces that carry a meaning stay", r"""
\log{2}x ~~ \log 2 x
\hat{i} ~~ \hat i
"""),
    ("integer", True, "groups after a sign, a currency and a zero", r"""
1,234,567 ~~ 1234567
100,000 ~~ 100000
001 ~~ 1
10,000.50 ~~ 10000.5
\$1,250 ~~ 1250
"""),
    ("integer", False, "groups after a sign, a currency and a zero", r"""
-0,500 ~~ -500
0,000 ~~ 0
\$0,250 ~~ 250
"""),
    ("ratio", False, "sides that are zero are in proportion to nothing else", r"""
0:0 ~~ 3:4
0:0 ~~ 2:1
0:0:0 ~~ 1:2:3
0:1:2 ~~ 0:2:1
0:0:1 ~~ 0:1:0
0:1 ~~ 2:0
0:x ~~ 1:x
"""),
    ("ratio", True, "sides that are zero", r"""
0:1 ~~ 0:2
0:1:2 ~~ 0:2:4
1:0 ~~ 2:0
0:0:x ~~ 0:0:1
"""),
    ("text", False, "an item that is no word counts", r"""
\text{Alice} ~~ \text{Alice}, 12
\text{east}, 5 ~~ \text{east}
\text{Monday or }3 ~~ \text{Monday}
\text{hyperbola}, \frac12 ~~ \text{hyperbola}
\text{Al, Bo} ~~ \text{Al}
"""),
    ("text", True, "an item that is no word counts", r"""
\text{Alice}, \text{Bob} ~~ \text{Bob and Alice}
\text{Alice}, 12 ~~ 12, \text{Alice}
\text{Alice, and Bob} ~~ Alice, Bob
\text{Al, Bo} ~~ \text{Bo and Al}
"""),
    ("unit", False, "number words, ordinals and operations are no units", r"""
3\text{ thousandths} ~~ 3
3 ~~ 3\text{ quarters}
2\text{ thirds} ~~ 2
5\text{ thousands} ~~ 5
5\text{ millions} ~~ 5
5\text{ quadrillion} ~~ 5
5\text{ dozens} ~~ 5
5\text{ tens} ~~ 5
5\text{ tenths} ~~ 5
5\text{ hundredths} ~~ 5
5\text{ twentieths} ~~ 5
5\text{ halves} ~~ 5
5\text{ squared} ~~ 5
5\text{ cubed} ~~ 5
5\text{ square} ~~ 5
5\text{ factorial} ~~ 5
5\text{ inverse} ~~ 5
5\text{ negative} ~~ 5
5\text{ doubled} ~~ 5
5\text{ twenty} ~~ 5
5\text{ false} ~~ 5
101\text{ binary} ~~ 101
20\text{ thirteen} ~~ 20
"""),
    ("unit", True, "number words, ordinals and operations are no units", r"""
5\text{ thousand} ~~ 5000
5\text{ dozen eggs} ~~ 60
\$5\text{ million} ~~ 5000000
5\text{ meters squared} ~~ 5
5\text{ meters squared} ~~ 5\text{ m}^2
9.8\text{ m/s squared} ~~ 9.8\text{ m/s}^2
5\text{ square meters} ~~ 5
5\text{ cubic units} ~~ 5
5\text{ seconds} ~~ 5
24\text{ zeros} ~~ 24
5\text{ squares} ~~ 5
2\text{ negative roots} ~~ 2
3\text{ false statements} ~~ 3
"""),
    ("inequality", False, "all hold that are joined by `and`, one that are joined by `or`", r"""
x>1 \text{ and } x<2 ~~ \mathbb{R}
x\ge0 \text{ and } x\ge3 ~~ x\ge 0
x\ne 1 \text{ and } x\ne 2 ~~ \mathbb{R}
x<1 \text{ and } x>2 ~~ (-\infty,1)\cup(2,\infty)
x=1 \text{ and } x>0 ~~ x>0
x<1 \text{ or } x>2 ~~ x<1 \text{ and } x>2
x>1 \text{ and } y<2 ~~ x>1 \text{ or } y<2
x>1 \text{ and } x<2 \text{ or } x>5 ~~ (1,2)\cup(5,\infty)
x>1 \text{ and } x<2 \text{ or } x>5 ~~ x>1 \text{ or } x<2 \text{ and } x>5
\{x: x>1, x<2\} ~~ \mathbb{R}
(x>1 \text{ and } x<2) ~~ (x>1 \text{ or } x<2)
\{x>1 \text{ and } x<2\} ~~ \{x>1 \text{ or } x<2\}
"""),
    ("inequality", True, "all hold that are joined by `and`, one that are joined by `or`", r"""
x>1 \text{ and } x<2 ~~ 1<x<2
x>1 and x<2 ~~ (1,2)
x\ge 2 \text{ and } x\le 5 ~~ [2,5]
x\ge0 \text{ and } x\ge3 ~~ x\ge 3
x>0, x<5 \text{ and } x\ne 3 ~~ (0,3)\cup(3,5)
x\ne 1 \text{ and } x\ne 2 ~~ \mathbb{R}\setminus\{1,2\}
x>1 \text{ or } x<2 ~~ \mathbb{R}
x<-1, \text{ or } x>1 ~~ (-\infty,-1)\cup(1,\infty)
x>1 \text{ and } x<2 ~~ x<2 \text{ and } x>1
x>1 \text{ and } y<2 ~~ y<2, x>1
\{x: x>1, x<2\} ~~ (1,2)
\{x>1 \text{ and } x<2\} ~~ 1<x<2
(x>1 \text{ and } x<2) ~~ 1<x<2
\{x: x<1 \text{ or } x>2\} ~~ (-\infty,1)\cup(2,\infty)
x=1 \text{ and } x=2 ~~ 1 \text{ or } 2
"""),
    ("inequality", False, "a comma between those that overlap may mean either", r"""
x>1, x<2 ~~ \mathbb{R}
x>1, x<2 ~~ (1,2)
x\ge0, x\ge3 ~~ x\ge 0
x\ne1, x\ne2 ~~ \mathbb{R}
"""),
    ("inequality", True, "a comma between those that overlap may mean either", r"""
x>1, x<2 ~~ x<2, x>1
x<1, x>2 ~~ (-\infty,1)\cup(2,\infty)
"""),
    ("tuple", False, "the order of named coordinates", r"""
r=\frac{\pi}{3},\theta=2 ~~ (2,\frac{\pi}{3})
\theta=2, r=3 ~~ (2,3)
x_{10}=1,x_2=2 ~~ (1,2)
\lambda_2=5,\lambda_1=3 ~~ (5,3)
B=1,a=2 ~~ (1,2)
y=1,x=2 ~~ (1,2)
"""),
    ("tuple", True, "the order of named coordinates", r"""
r=2,\theta=\frac{\pi}{3} ~~ (2,\frac{\pi}{3})
\theta=2, r=3 ~~ (3,2)
\rho=1,\theta=2,\phi=3 ~~ (1,2,3)
x_{10}=1,x_2=2 ~~ (2,1)
x_1=1, x_2=2, x_3=0 ~~ (1,2,0)
B=2,A=1 ~~ (1,2)
y=2,x=1 ~~ (1,2)
x'=1,y'=2 ~~ (1,2)
"""),
    ("date", False, "another day of the week", r"""
Tuesday, June 5 ~~ Monday, June 5
\text{Friday, May 13, 2005} ~~ \text{Sunday, May 13, 2005}
"""),
    ("date", True, "the day of the week may be left out", r"""
Tuesday, June 5 ~~ June 5
Tuesday, June 5 ~~ \text{Tuesday June 5th}
"""),
    ("interval", False, "an open interval between equal ends is a point, if anything", r"""
(5,5) ~~ \emptyset
[5,5) ~~ \emptyset
(1,1)\cup(2,3) ~~ (2,3)
"""),
    ("interval", True, "an open interval between equal ends is a point, if anything", r"""
(5,5) ~~ (5,\frac{10}{2})
x<1 \text{ and } x>2 ~~ \emptyset
"""),
    ("base", False, "small letters with an index are variables", r"""
a_{12} ~~ A_{12}
2a_{16} ~~ 2b_{16}
"""),
    ("base", True, "digits and letters with a base", r"""
2a_{12} ~~ 2A_{12}
(a)_{16} ~~ (A)_{16}
A_{\text{twelve}} ~~ A_{12}
a_{12} + 1 ~~ 1 + a_{12}
"""),
    ("list", False, "three dots are no punctuation", r"""
1,2,... ~~ 1,2
1, 2, . . . ~~ 1,2
1,2,\ldots ~~ 1,2
"""),
    ("list", True, "three dots are no punctuation", r"""
1,2,... ~~ 1,2,\ldots
1,2,.... ~~ 1,2,\dots
1,2. ~~ 1,2
"""),
    ("decimal", False, "three dots are no punctuation", r"""
0.333 ~~ 0.333...
0.333...$ ~~ 0.333
"""),
    ("decimal", True, "three dots are no punctuation", r"""
0.333... ~~ 0.333\ldots
0.333. ~~ 0.333
"""),
    ("index", False, "the order and the structure of an index", r"""
a_{ji} ~~ a_{ij}
P_{BA} ~~ P_{AB}
a_{i2} ~~ a_{2i}
k_{-(n+1)} ~~ k_{n-1}
x_{-(a-b)} ~~ x_{-a-b}
a_{p(n-1)} ~~ a_{np-1}
a_{x_1} ~~ {a_x}_1
a_{b_{cd}} ~~ a_{b_c d}
"""),
    ("index", True, "the order and the structure of an index", r"""
a_{ij}+1 ~~ 1+a_{i j}
a_{n_k}+1 ~~ 1+a_{n_{k}}
k_{-(n+1)}+1 ~~ 1+k_{-(1+n)}
a_{p(n-1)}+1 ~~ 1+a_{p(-1+n)}
x_{2n+1}+1 ~~ 1+x_{1+2n}
"""),
    ("ratio", True, "a fraction, a radical and a whole number are ratios too", r"""
\frac{2}{1} ~~ 2:1
\frac{6}{3} ~~ 2:1
4 ~~ 4:1
\pi:4 ~~ \frac{\pi}{4}
"""),
    ("integer", True, "three dots behind a number alone end a sentence", r"""
12... ~~ 12
x=5... ~~ 5
"""),
    ("base", True, "letters of a numeral in either case", r"""
ff_{16} ~~ FF_{16}
"""),
]


# Pairs of MATH-500 answers that are written differently and are equal by the conventions of kpo_jax.verifier.
COINCIDENCES = [
    {"-2,1", "1,-2"},  # unordered lists
    {"10,\\!080", "10080"},
    {"120", "120^\\circ"},  # a degree sign may be left out
    {"30", "30^\\circ"},
    {"36", "36^\\circ"},
    {"90", "90^\\circ"},
    {"180^\\circ", "\\pi"},
    {"15", "15\\mbox{ cm}^2"},  # so may a unit
    {"36", "\\$36"},
    {"5", "x=5"},  # and a name
    {"2 \\sqrt{5}", "2\\sqrt{5}"},
    {"\\frac14", "\\frac{1}{4}"},
]


def cases() -> list[Case]:
    found = []
    for kind, equal, why, pairs in GROUPS:
        for line in pairs.strip("\n").splitlines():
            answer, separator, reference = line.partition(" ~~ ")
            assert separator, line
            found.append(Case(kind, equal, why, answer, reference))
    return found
