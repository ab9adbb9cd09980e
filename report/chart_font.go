package report

import (
	"sync"

	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
)

// sansSerif sets text in the two faces that charts are written in. The default handler of package plot comes with
// twelve of them, and with writers of PDF, EPS, SVG and TeX.
var sansSerif = sync.OnceValue(func() text.Handler {
	regular, bold := sansSerifFont(xfont.WeightNormal), sansSerifFont(xfont.WeightBold)
	return text.Plain{Fonts: font.NewCache(font.Collection{
		{Font: regular, Face: parsedFace(liberationsansregular.TTF)},
		{Font: bold, Face: parsedFace(liberationsansbold.TTF)},
	})}
})

func sansSerifFont(weight xfont.Weight) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Weight: weight}
}

// parsedFace is a face that is part of the program, and so can be parsed.
func parsedFace(ttf []byte) *opentype.Font {
	face, err := opentype.Parse(ttf)
	if err != nil {
		panic(err)
	}
	return face
}
