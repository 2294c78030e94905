package search
import ("testing";"time")
func TestZZ(t *testing.T){
 for _,n:=range []int{100,500,2000,8000,20000}{
 e:=openTest(t,nil)
 evs:=benchEvents(1,n)
 var d time.Duration
 k:=40000/n
 for i:=range k { if i==5 && n<2000 {k=5;break}; t0:=time.Now(); if err:=e.Hot(t.Context(),evs);err!=nil{t.Fatal(err)}; d+=time.Since(t0)}
 t.Log(n,d/time.Duration(k),"per call; us/event",float64(d.Microseconds())/float64(k*n))
 }
}
