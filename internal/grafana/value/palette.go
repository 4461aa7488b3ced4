package value

// hues are the shades of each hue, from super-light to dark.
var hues = map[string]map[Theme]string{
	"red": {
		Dark:  "FFA6B0 FF7383 F2495C E02F44 C4162A",
		Light: "FF7383 F2495C E02F44 C4162A AD0317",
	},
	"orange": {
		Dark:  "FFCB7D FFB357 FF9830 FF780A FA6400",
		Light: "FFB357 FF9830 FF780A FA6400 E55400",
	},
	"yellow": {
		Dark:  "FFF899 FFEE52 FADE2A F2CC0C E0B400",
		Light: "FFEE52 FADE2A F2CC0C E0B400 CC9D00",
	},
	"green": {
		Dark:  "C8F2C2 96D98D 73BF69 56A64B 37872D",
		Light: "96D98D 73BF69 56A64B 37872D 19730E",
	},
	"blue": {
		Dark:  "C0D8FF 8AB8FF 5794F2 3274D9 1F60C4",
		Light: "8AB8FF 5794F2 3274D9 1F60C4 1250B0",
	},
	"purple": {
		Dark:  "DEB6F2 CA95E5 B877D9 A352CC 8F3BB8",
		Light: "CA95E5 B877D9 A352CC 8F3BB8 7C2EA3",
	},
}

// classic are the colours of series, in their order.
const classic = "" +
	"green semi-dark-yellow blue orange red purple dark-green dark-yellow dark-blue " +
	"dark-orange dark-red dark-purple super-light-green super-light-yellow super-light-blue " +
	"super-light-orange super-light-red super-light-purple #447EBC #C15C17 #890F02 #0A437C " +
	"#6D1F62 #584477 #B7DBAB #F4D598 #70DBED #F9BA8F #F29191 #82B5D8 #E5A8E2 #AEA2E0 " +
	"#629E51 #E5AC0E #64B0C8 #E0752D #BF1B00 #0A50A1 #962D82 #614D93 #9AC48A #F2C96D " +
	"#65C5DB #F9934E #EA6460 #5195CE #D683CE #806EB7 #3F6833 #967302 #2F575E #99440A " +
	"#58140C #052B51 #511749 #3F2B5B #E0F9D7 #FCEACA #CFFAFF #F9E2D2 #FCE2DE #BADFF4 " +
	"#F9D9F9 #DEDAF7"

// palettes are the other lists of colours for series, by the mode of a field.
var palettes = map[string]string{
	"palette-colorblind": "#0072B2 #E69F00 #009E73 #CC79A7 #56B4E9 #D55E00 #F0E442 #000000 #FFFFFF",
	"palette-categorical-next": "" +
		"#D97E9B #FFC554 #41CD94 #64A6D8 #F79CFF #E78A5F #C9E1A6 #00CFE3 #9B93DF #FFB2BE " +
		"#CEA82E #9CF2D6 #8FC3FF #CE84C1 #FFC39D #89C862 #41AEC7 #CDB9FF #EF8488 #E7DB98 " +
		"#00D8BE #759EE6 #FFB1E1 #EE9941 #BAF2B8 #54D3FF #B78EE2 #FF645A #C0BD2F #8FFFF6 " +
		"#B4C7FF #EB85B5 #FFD49F #58DB89 #46ABDE #EABCFF #FF8E6F #DEED9F #00DFE5 #959DF6",
	"palette-categorical-next-2": "" +
		"#63B564 #DED188 #84B1FF #FFDBBC #FFA8AA #C986E6 #FFC4D4 #9BCB35 #D3EFFF #F8B4D2 " +
		"#A6B924 #AFE8FF #FF97DA #AAA720 #81E3FB #F386E2 #FFE397 #84D6E1 #D784DF #FED283 " +
		"#00D4DA #F2E7FF #F3C48A #00C9C0 #E4DAFF #FFAC74 #00BEA7 #D2CFFF #FF9767 #9DFFDF " +
		"#BDC4FF #FE8260 #93F4C5 #A4BAFF #EA796E #9FE3B3 #74B6FF #FFD8DD #89E04D #3BAFFE",
	"palette-categorical-next-3": "" +
		"#63B564 #88DDFE #CA94FF #FFD8D3 #CFCB00 #00BEB5 #C7D5FF #FF8DC4 #FFE5C7 #9FDCB0 " +
		"#00BBFF #F0D0FF #FFA48B #9BAC32 #7CE6E9 #A3ABFF #FFDAE4 #E1C18A #1DC58A #B7DFFF " +
		"#F38EFC #FFE7DD #BED997 #00C5D8 #DEDCFF #FFA4B3 #C79E00 #8BEBCC #7DBBFF #FFDCF8 " +
		"#F5BB95 #7DC053 #9BEAFF #C5ADFF #EA777E #E0D287 #00CEB5 #D5E4FF #FFA1DC #E88E29",
}

// scales are the colours of each scale, from the minimum to the maximum.
var scales = map[string]string{
	"continuous-GrYlRd":  "green yellow red",
	"continuous-RdYlGr":  "red yellow green",
	"continuous-BlYlRd":  "dark-blue super-light-yellow dark-red",
	"continuous-YlRd":    "super-light-yellow dark-red",
	"continuous-BlPu":    "blue purple",
	"continuous-YlBl":    "super-light-yellow dark-blue",
	"continuous-blues":   "panel-bg dark-blue",
	"continuous-reds":    "panel-bg dark-red",
	"continuous-greens":  "panel-bg dark-green",
	"continuous-purples": "panel-bg dark-purple",
}

// ramps are scales of many colours at equal distances.
var ramps = map[string]string{
	"continuous-viridis": "" +
		"#440154 #470D60 #48186A #482374 #472D7B #453781 #424086 #3E4989 #3B528B #375B8D " +
		"#33638D #2F6B8E #2C728E #297A8E #26828E #23898E #21918C #1F988B #1FA088 #22A785 " +
		"#28AE80 #32B67A #3FBC73 #4EC36B #5EC962 #70CF57 #84D44B #98D83E #ADDC30 #C2DF23 " +
		"#D8E219 #ECE51B #FDE725",
	"continuous-magma": "" +
		"#000004 #030312 #0A0822 #130D34 #1D1147 #29115A #36106B #440F76 #51127C #5D177F " +
		"#6A1C81 #762181 #832681 #902A81 #9C2E7F #AA337D #B73779 #C43C75 #D0416F #DC4869 " +
		"#E75263 #EF5D5E #F56B5C #F9795D #FC8961 #FD9869 #FEA772 #FEB67C #FEC488 #FED395 " +
		"#FDE2A3 #FCF0B2 #FCFDBF",
	"continuous-plasma": "" +
		"#0D0887 #220690 #310597 #3F049C #4C02A1 #5901A5 #6600A7 #7201A8 #7E03A8 #8A09A5 " +
		"#9511A1 #A01A9C #AA2395 #B32C8E #BC3587 #C43E7F #CC4778 #D35171 #DA5A6A #E06363 " +
		"#E66C5C #EB7655 #F0804E #F58B47 #F89540 #FBA139 #FDAC33 #FEB82C #FDC527 #FCD225 " +
		"#F8DF25 #F4ED27 #F0F921",
	"continuous-inferno": "" +
		"#000004 #040312 #0B0724 #150B37 #210C4A #2F0A5B #3D0965 #4A0C6B #57106E #64156E " +
		"#71196E #7D1E6D #8A226A #972766 #A32C61 #B0315B #BC3754 #C73E4C #D24644 #DB503B " +
		"#E45A31 #EB6628 #F1731D #F68013 #F98E09 #FB9D07 #FCAC11 #FBBC21 #F9CB35 #F5DB4C " +
		"#F2EA69 #F3F68A #FCFFA4",
	"continuous-cividis": "" +
		"#002051 #00265D #012B65 #083169 #11366C #1C3C6E #26426E #31476E #3C4D6E #47536D " +
		"#51586E #5A5E6E #62646F #6A6A70 #727071 #797673 #7F7C75 #868276 #8C8877 #938E78 " +
		"#9A9478 #A19B78 #A9A177 #B2A874 #BBAF71 #C5B66D #CEBD68 #D8C462 #E2CB5C #EBD355 " +
		"#F3DA4F #FAE249 #FDEA45",
}
