package value

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// units holds every unit that Grafana has an id for. It is never written to.
var units = table()

// Units returns the ids of all units, sorted.
func Units() []string { return slices.Sorted(maps.Keys(units)) }

func table() map[string]format {
	all := map[string]format{
		"string": plain, "percent": percent(1), "percentunit": percent(100),
		"hex": hex(""), "hex0x": hex("0x"), "sci": scientific, "locale": locale,
		"short": scaled(1000, []string{
			"", " K", " Mil", " Bil", " Tri", " Quadr", " Quint", " Sext", " Sept",
		}, 0),
		"pressurepsi": scaled(1000, []string{"psi", "ksi", "Mpsi"}, 0),

		"bool": boolean("True", "False"), "bool_yes_no": boolean("Yes", "No"),
		"bool_on_off": boolean("On", "Off"),

		"ns": spans(nanoseconds), "µs": spans(microseconds), "ms": spans(milliseconds),
		"s": secondsOf(1), "timeticks": secondsOf(100), "m": spans(minutes), "h": spans(hours),
		"d": spans(days), "dtdurationms": duration("milliseconds", 1),
		"dtdurations": duration("seconds", 1000), "dthms": hms(false), "dtdhms": hms(true),
		"clockms": clock(1), "clocks": clock(1000),

		"dateTimeAsIso": date(isoDate, ""), "dateTimeAsIsoNoDateIfToday": date(isoDate, isoTime),
		"dateTimeAsUS": date(usDate, ""), "dateTimeAsUSNoDateIfToday": date(usDate, usTime),
		"dateTimeAsLocal":              date(localDate, ""),
		"dateTimeAsLocalNoDateIfToday": date(localDate, localTime),
		"dateTimeAsSystem":             date(isoDate, ""),
		"dateTimeFromNow":              fromNow,
	}
	for id, symbol := range suffixUnits {
		all[id] = suffixed(symbol)
	}
	for id, symbol := range countUnits {
		all[id] = counted(symbol)
	}
	for id, symbol := range currencies {
		all[id] = currency(symbol, false)
	}
	for id, symbol := range currenciesBehind {
		all[id] = currency(symbol, true)
	}
	addScaled(all, siUnits, si)
	addScaled(all, binaryUnits, binary)
	all["farenheit"] = all["fahrenheit"] //nolint:misspell // a former id of Grafana
	return all
}

// binaryIDs are the units whose prefixes are powers of 1,024.
var binaryIDs = func() map[string]format {
	ids := map[string]format{}
	addScaled(ids, binaryUnits, binary)
	return ids
}()

// addScaled adds the units of each symbol. In kwatt+1, the +1 means that the values are already in
// thousands.
func addScaled(all map[string]format, symbols map[string]string, scale func(string, int) format) {
	for symbol, ids := range symbols {
		for id := range strings.FieldsSeq(ids) {
			power := 0
			if i := strings.LastIndexAny(id, "+-"); i > 0 {
				power, _ = strconv.Atoi(id[i:])
				id = id[:i]
			}
			all[id] = scale(symbol, power)
		}
	}
}

var suffixUnits = map[string]string{
	"none": "", "humidity": "%H", "dB": "dB", "pixel": "px", "accMS2": "m/sec²",
	"accFS2": "f/sec²", "accG": "g", "degree": "°", "radian": "rad", "grad": "grad",
	"arcmin": "arcmin", "arcsec": "arcsec", "areaM2": "m²", "areaF2": "ft²", "areaMI2": "mi²",
	"acres": "ac", "hectares": "ha", "ppm": "ppm", "conppb": "ppb", "conngm3": "ng/m³",
	"conngNm3": "ng/Nm³", "conμgm3": "μg/m³", "conμgNm3": "μg/Nm³", "conmgm3": "mg/m³",
	"conmgNm3": "mg/Nm³", "congm3": "g/m³", "congNm3": "g/Nm³", "conmgdL": "mg/dL",
	"conmmolL": "mmol/L", "dBm": "dbm", "flowgpm": "gpm", "flowcms": "cms", "flowcfs": "cfs",
	"flowcfm": "cfm", "litreh": "L/h", "flowlpm": "L/min", "flowmlpm": "mL/min", "lux": "lux",
	"masslb": "lb", "masst": "t", "lengthcm": "cm", "lengthin": "in", "lengthft": "ft",
	"lengthmi": "mi", "pressurehpa": "hPa", "pressurekpa": "kPa", "pressurehg": "\"Hg",
	"rotrpm": "rpm", "rotrads": "rad/s", "rotdegs": "°/s", "celsius": "°C", "fahrenheit": "°F",
	"kelvin": "K", "velocityms": "m/s", "velocitykmh": "km/h", "velocitymph": "mph",
	"velocityknot": "kn", "m3": "m³", "Nm3": "Nm³", "dm3": "dm³", "gallons": "gal",
}

// siUnits are symbols with the ids of their units.
var siUnits = map[string]string{
	"": "sishort", "cd": "candela",
	"FLOPS": "flops mflops+2 gflops+3 tflops+4 pflops+5 eflops+6 zflops+7 yflops+8",
	"B":     "decbytes deckbytes+1 decmbytes+2 decgbytes+3 dectbytes+4 decpbytes+5", "b": "decbits",
	"p/s": "pps", "B/s": "Bps KBs+1 MBs+2 GBs+3 TBs+4 PBs+5",
	"b/s": "bps Kbits+1 Mbits+2 Gbits+3 Tbits+4 Pbits+5",
	"W":   "watt kwatt+1 megwatt+2 gwatt+3 mwatt-1", "W/m²": "Wm2", "VA": "voltamp kvoltamp+1",
	"VAr": "voltampreact kvoltampreact+1", "Wh": "watth kwatth+1 mwatth+2",
	"Wh/kg": "watthperkg", "W-Min": "kwattm+1", "Ah": "amph kamph+1 mamph-1", "J": "joule",
	"eV": "ev", "A": "amp kamp+1 mamp-1", "V": "volt kvolt+1 mvolt-1",
	"Ω": "mohm-1 ohm kohm+1 Mohm+2", "F": "farad µfarad-2 nfarad-3 pfarad-4 ffarad-5",
	"H": "henry mhenry-1 µhenry-2", "Lm": "lumens", "Nm": "forceNm forcekNm+1",
	"N": "forceN forcekN+1", "H/s": "Hs KHs+1 MHs+2 GHs+3 THs+4 PHs+5 EHs+6",
	"g": "massmg-1 massg masskg+1", "m": "lengthmm-1 lengthm lengthkm+1",
	"bar": "pressurembar-1 pressurebar pressurekbar+1", "Pa": "pressurepa", "Bq": "radbq",
	"Ci": "radci", "Gy": "radgy", "rad": "radrad", "Sv": "radsv radmsv-1 radusv-2",
	"rem": "radrem", "C/kg": "radexpckg", "R": "radr", "Sv/h": "radsvh radmsvh-1 radusvh-2",
	"Hz": "rothz rotkhz+1 rotmhz+2 rotghz+3 hertz", "L": "mlitre-1 litre",
}

var binaryUnits = map[string]string{
	"B": "bytes kbytes+1 mbytes+2 gbytes+3 tbytes+4 pbytes+5", "b": "bits",
	"B/s": "binBps KiBs+1 MiBs+2 GiBs+3 TiBs+4 PiBs+5",
	"b/s": "binbps Kibits+1 Mibits+2 Gibits+3 Tibits+4 Pibits+5",
}

var countUnits = map[string]string{
	"cps": "c/s", "ops": "ops/s", "reqps": "req/s", "rps": "rd/s", "wps": "wr/s", "iops": "io/s",
	"eps": "evt/s", "mps": "msg/s", "recps": "rec/s", "rowsps": "rows/s", "cpm": "c/m",
	"opm": "ops/m", "reqpm": "req/m", "rpm": "rd/m", "wpm": "wr/m", "epm": "evts/m",
	"mpm": "msgs/m", "recpm": "rec/m", "rowspm": "rows/m",
}

var currencies = map[string]string{
	"currencyUSD": "$", "currencyGBP": "£", "currencyEUR": "€", "currencyJPY": "¥",
	"currencyRUB": "₽", "currencyUAH": "₴", "currencyBRL": "R$", "currencyCZK": "czk",
	"currencyCHF": "CHF", "currencyPLN": "PLN", "currencyBTC": "฿", "currencymBTC": "mBTC",
	"currencyμBTC": "μBTC", "currencyZAR": "R", "currencyINR": "₹", "currencyKRW": "₩",
	"currencyIDR": "Rp", "currencyPHP": "PHP", "currencyMYR": "RM", "currencyXPF": "XPF",
	"currencyBGN": "BGN", "currencyPYG": "₲", "currencyUYU": "UYU", "currencyILS": "₪",
}

// currenciesBehind are the currencies that are written after the number.
var currenciesBehind = map[string]string{
	"currencyDKK": "kr", "currencyISK": "kr", "currencyNOK": "kr", "currencySEK": "kr",
	"currencyVND": "đ", "currencyTRY": "₺",
}
